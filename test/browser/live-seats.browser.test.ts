import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Front, openFront } from '../support/front.ts';
import { addScreening } from '../support/supplies.ts';
import { openVisitor, type Visitor } from '../support/visitor.ts';
import { waitFor } from '../support/wait.ts';

let front: Front;
before(async () => {
  front = await openFront({ instances: 3 });
});
after(() => front.close());

/** Two people whose live seats come from different instances; nginx decides, so the second comes back until they do. */
const openTwo = async (screening: string): Promise<[Visitor, Visitor]> => {
  const [ann, bob] = [await openVisitor(front), await openVisitor(front)];
  await ann.watchScreening(screening);
  await bob.watchScreening(screening);
  await waitFor('different instances', async () => {
    if ((await bob.servedBy()) !== (await ann.servedBy())) return true;
    await bob.watchScreening(screening);
    return false;
  });
  return [ann, bob];
};

test('who finds no room for a stream sees the seats all the same, and live ones when there is room again', async (t) => {
  const small = await openFront({ instances: 1, env: { EVENT_STREAMS_PER_INSTANCE: '1' } });
  t.after(small.close);
  const screening = await addScreening(small.cinema.database);
  const [ann, bob] = [await openVisitor(small), await openVisitor(small)];
  await ann.watchScreening(screening);
  await ann.seat('C7').click();
  await ann.see('C7', 'mine');
  await bob.visit(`screenings/${screening}`);
  await bob.page.locator('[data-status=asking]').waitFor();
  await bob.see('C7', 'held');
  await ann.seat('C8').click();
  await bob.see('C8', 'held');
  await ann.page.close();
  await bob.page.locator('[data-status=live]').waitFor();
});

/** Notes every state that a seat takes, with the time, in the page itself. */
const record = (visitor: Visitor, seat: string) =>
  visitor.seat(seat).evaluate((button) => {
    const seen: [string, number][] = [];
    Object.assign(window, { seen });
    // Nameless, as a name would make tsx add a helper that the page has not.
    new MutationObserver(() => seen.push([button.dataset.state ?? '', Date.now()])).observe(button, {
      attributeFilter: ['data-state'],
    });
  });
const recorded = (visitor: Visitor): Promise<[string, number][]> =>
  visitor.page.evaluate(() => (window as unknown as { seen: [string, number][] }).seen);

test('what one person does is seen by another on another instance: holding, buying, cancelling', async (t) => {
  const screening = await addScreening(front.cinema.database);
  const [ann, bob] = await openTwo(screening);
  t.diagnostic(`on ${await ann.servedBy()} and ${await bob.servedBy()}`);
  await record(bob, 'C7');

  const times: number[] = [];
  const act = async (click: () => Promise<void>, state: string) => {
    times.push(Date.now());
    await click();
    await bob.see('C7', state);
  };
  await act(() => ann.seat('C7').click(), 'held');
  await ann.see('C7', 'mine');
  await act(() => ann.page.getByRole('button', { name: 'Buy 1 seat' }).click(), 'sold');
  await ann.see('C7', 'bought');
  await ann.page.getByRole('link', { name: 'My tickets' }).click();
  await ann.page.getByRole('button', { name: 'Cancel C7' }).click();
  await act(() => ann.page.getByRole('button', { name: 'Really cancel' }).click(), 'free');

  const seen = await recorded(bob);
  assert.deepEqual(
    seen.map(([state]) => state),
    ['held', 'sold', 'free'],
  );
  const delays = seen.map(([, at], index) => at - (times[index] ?? 0));
  t.diagnostic(`seen ${delays.join(', ')} ms after the click`);
  assert.deepEqual([ann.faults, bob.faults], [[], []]);
});

test('an instance that is killed makes its watchers miss nothing', async (t) => {
  const screening = await addScreening(front.cinema.database);
  const [ann, bob] = await openTwo(screening);
  const victim = await bob.servedBy();
  await ann.seat('A1').click();
  await bob.see('A1', 'held');

  const startedAt = performance.now();
  await front.apis.get(victim ?? '')?.kill();
  await ann.page.getByRole('button', { name: 'Buy 1 seat' }).click();
  await ann.see('A1', 'bought');
  await ann.seat('A2').click();
  await ann.see('A2', 'mine');
  await bob.see('A1', 'sold');
  await bob.see('A2', 'held');
  t.diagnostic(`all seen ${Math.round(performance.now() - startedAt)} ms after ${victim} was killed`);
  assert.notEqual(await bob.servedBy(), victim);
  await bob.page.locator('[data-status=live]').waitFor();

  // And live again, not only right once.
  await ann.seat('A2').click();
  await bob.see('A2', 'free');
  await bob.seat('B5').click();
  await ann.see('B5', 'held');
  assert.deepEqual([ann.faults, bob.faults], [[], []]);
});

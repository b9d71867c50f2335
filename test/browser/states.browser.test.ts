import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page, Route } from 'playwright-core';
import { type Front, openFront } from '../support/front.ts';
import { spawnApi } from '../support/processes.ts';
import { addProduct, addScreening, countRows } from '../support/supplies.ts';
import { openVisitor } from '../support/visitor.ts';
import { waitFor } from '../support/wait.ts';

let front: Front;
before(async () => {
  front = await openFront();
});
after(() => front.close());

/** Keeps requests on their way until the returned function is called. */
const holdBack = async (page: Page, pattern: string) => {
  let letThrough = () => {};
  const gate = new Promise<void>((resolve) => {
    letThrough = resolve;
  });
  await page.route(pattern, (route) => gate.then(() => route.continue()));
  return letThrough;
};

test('an empty cinema says so', async () => {
  const { page, visit } = await openVisitor(front);
  for (const [hash, text] of [
    ['movies', 'No movies yet.'],
    ['grocery', 'Nothing is sold at the moment.'],
    ['tickets', 'No tickets yet.'],
    ['nowhere', 'There is no such page.'],
  ] as const) {
    await visit(hash);
    await page.getByText(text).waitFor();
  }
});

test('who is not logged in is led to the login, and back', async () => {
  const screening = await addScreening(front.cinema.database);
  const { email } = await openVisitor(front);
  const { page, watchScreening, seat } = await openVisitor(front, { loggedIn: false });
  await watchScreening(screening);
  await page.getByText('to hold seats and to buy').waitFor();
  await seat('A1').click();
  await page.keyboard.press('Enter'); // the click has led the focus to the link
  await page.getByLabel('Email').fill(email ?? '');
  await page.getByLabel('Password').fill('wrong password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('alert').filter({ hasText: /./ }).waitFor();
  await page.getByLabel('Password').fill('correct horse battery staple');
  await page.getByRole('button', { name: 'Log in' }).click();
  await seat('A1').click();
  await page.locator('[data-seat=A1][data-state=mine]').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('to hold seats and to buy').waitFor();
});

test('what loads says so, and offline is told and survived', async () => {
  const { page, context, visit } = await openVisitor(front);
  const letThrough = await holdBack(page, '**/v1/grocery/products*');
  await visit('grocery');
  await page.getByText('Loading products').waitFor();
  letThrough();
  await page.getByText('Nothing is sold at the moment.').waitFor();

  await context.setOffline(true);
  await page.getByText('You are offline. What you see may be out of date.').waitFor();
  await page.getByRole('link', { name: 'My tickets' }).click();
  await page.getByRole('alert').getByText('You are offline.').waitFor();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('Still logged in: You are offline.').waitFor();
  await context.setOffline(false);
  await page.getByText('What you see may be out of date.').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('No tickets yet.').waitFor();
});

test('a sold-out screening says so, to those who look already too', async () => {
  const screening = await addScreening(front.cinema.database, { rows: 1, seatsPerRow: 2 });
  const [ann, bob] = [await openVisitor(front), await openVisitor(front)];
  await ann.watchScreening(screening);
  await bob.watchScreening(screening);
  for (const seat of ['A1', 'A2']) {
    await ann.seat(seat).click();
    await ann.see(seat, 'mine');
  }
  await bob.page.getByText('All seats are taken. Some are only held').waitFor();
  await ann.page.getByRole('button', { name: 'Buy 2 seats' }).click();
  await bob.page.getByText('Sold out.').waitFor();
});

test('a seat that somebody else was quicker to take is not held, and the page says so', async () => {
  const screening = await addScreening(front.cinema.database);
  const [ann, bob] = [await openVisitor(front), await openVisitor(front)];
  await ann.watchScreening(screening);
  await bob.watchScreening(screening);
  const letThrough = await holdBack(bob.page, '**/holds');
  await bob.seat('A1').click();
  await ann.seat('A1').click();
  await ann.see('A1', 'mine');
  letThrough();
  await bob.page.getByText('A1 was taken a moment ago.').waitFor();
  await bob.see('A1', 'held');
});

test('a purchase whose answer is lost is finished after a reload, and made once', async () => {
  const { database } = front.cinema;
  const screening = await addScreening(database);
  const before = await countRows(database, 'tickets.purchases');
  const { page, watchScreening, seat, see } = await openVisitor(front);
  const keys = new Set<string | undefined>();
  let sent = 0;
  await page.route('**/v1/tickets/purchases', async (route: Route) => {
    if (route.request().method() !== 'POST') return route.continue();
    keys.add(route.request().headers()['idempotency-key']);
    sent += 1;
    await route.fetch(); // it is made
    await route.abort(); // and nobody hears of it
  });
  await watchScreening(screening);
  await seat('C7').click();
  await see('C7', 'mine');
  await page.getByRole('button', { name: 'Buy 1 seat' }).click();
  await page.getByText('Not bought').waitFor({ timeout: 20_000 });
  assert.ok(sent > 1, 'tried again by itself');
  await page.getByRole('button', { name: 'Ask again' }).waitFor();

  await page.unroute('**/v1/tickets/purchases');
  page.on('request', (request) => {
    if (request.method() === 'POST') keys.add(request.headers()['idempotency-key']);
  });
  await page.reload();
  await page.getByText('Bought: C7.').waitFor();
  assert.equal(keys.size, 1, 'one key all the time');
  assert.equal(await countRows(database, 'tickets.purchases'), before + 1);
});

test('the grocery: an order is made, and the stock shown', async () => {
  await addProduct(front.cinema.database, 7);
  const { page, visit } = await openVisitor(front);
  await visit('grocery');
  await page.getByText('7 left').waitFor();
  await page.getByRole('button', { name: 'Order' }).click();
  await page.getByText('Choose how many of something.').waitFor();
  await page.getByRole('spinbutton').fill('2');
  await page.getByRole('button', { name: 'Order' }).click();
  await page.getByText('Ordered for €9.00.').waitFor();
  await page.getByText('2 × Popcorn').waitFor();
});

test('when no instance answers the page says so, and goes on when one is back', async (t) => {
  const { page, visit } = await openVisitor(front);
  await visit('grocery');
  await page.locator('.products').waitFor();
  const [first, ...others] = [...front.apis.values()];
  await Promise.all([first, ...others].map((api) => api?.kill()));
  await page.getByRole('link', { name: 'My tickets' }).click();
  await page.getByRole('alert').getByText('No instance can be reached at the moment.').waitFor();

  const { port } = new URL(first?.url ?? '');
  const back = await spawnApi({ ...front.cinema.env, PORT: port });
  t.after(back.kill);
  await waitFor('the page to go on', async () => {
    const again = page.getByRole('button', { name: 'Try again' });
    if (await again.isVisible()) await again.click();
    return page.getByText('No tickets yet.').isVisible();
  });
});

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { seriousFaults } from '../support/axe.ts';
import { type Front, openFront } from '../support/front.ts';
import { addProduct, addScreening } from '../support/supplies.ts';
import { openVisitor, type Visitor } from '../support/visitor.ts';

/** To be looked at; each run writes them anew. */
const SCREENSHOTS = '.multiplex/screenshots';
const WIDE = { width: 1_200, height: 800 };
const NARROW = { width: 320, height: 640 }; // WCAG 2.2, 1.4.10: no scrolling in two directions at this width

let front: Front;
let screening: string;
before(async () => {
  front = await openFront();
  screening = await addScreening(front.cinema.database, { rows: 8, seatsPerRow: 12 });
  await addScreening(front.cinema.database);
  await addProduct(front.cinema.database, 12);
  await addProduct(front.cinema.database, 0);
  mkdirSync(SCREENSHOTS, { recursive: true });
});
after(() => front.close());

const button = ({ page }: Visitor, name: string) => page.getByRole('button', { name });

/** A screening with seats in every state, for the visitor. */
const showAllStates = async (visitor: Visitor) => {
  const other = await openVisitor(front);
  await other.watchScreening(screening);
  for (const seat of ['C5', 'C6']) {
    await other.seat(seat).click();
    await other.see(seat, 'mine');
  }
  await button(other, 'Buy 2 seats').click();
  await other.see('C6', 'bought');
  await other.seat('D1').click();
  await other.see('D1', 'mine');
  await visitor.watchScreening(screening);
  await visitor.seat('B7').click();
  await visitor.see('B7', 'mine');
  await button(visitor, 'Buy 1 seat').click();
  await visitor.see('B7', 'bought');
  await visitor.seat('B8').click();
  await visitor.see('B8', 'mine');
  await visitor.see('D1', 'held');
  await other.context.close();
};

const VIEWS: Record<string, (visitor: Visitor) => Promise<void>> = {
  movies: async ({ page, visit }) => {
    await visit('movies');
    await page.locator('.card').first().waitFor();
    await page.locator('summary').click();
  },
  screening: ({ watchScreening }) => watchScreening(screening),
  tickets: async ({ page, visit }) => {
    await visit('tickets');
    await page.locator('.card').first().waitFor();
  },
  grocery: async ({ page, visit }) => {
    await visit('grocery');
    await page.locator('.products').waitFor();
  },
  register: async ({ page, visit, email }) => {
    await visit('register');
    await page.getByLabel('Email').fill(email ?? '');
    await page.getByLabel('Name').fill('Ada');
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.locator('.notice.bad:not(:empty)').waitFor();
  },
};

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe-core finds no serious fault, ${colorScheme}, wide and narrow, and nothing overflows`, async () => {
    await front.cinema.database.query('truncate tickets.sold_seats, tickets.purchases');
    const visitor = await openVisitor(front, { colorScheme });
    const { page } = visitor;
    await showAllStates(visitor);
    for (const [name, show] of Object.entries(VIEWS))
      for (const [width, viewport] of Object.entries({ WIDE, NARROW })) {
        await page.setViewportSize(viewport);
        await show(visitor);
        const file = `${SCREENSHOTS}/${name}-${colorScheme}-${width.toLowerCase()}.png`;
        await page.screenshot({ path: file, fullPage: true });
        assert.deepEqual(await seriousFaults(page), [], file);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${file} is ${overflow} pixels too wide`);
      }
    assert.deepEqual(visitor.faults, []);
  });

test('with the keyboard alone: from the address bar to a held seat', async () => {
  const visitor = await openVisitor(front);
  const { page, seat } = visitor;
  await visitor.watchScreening(screening);
  await seat('A1').focus();
  const presses: [string, string][] = [
    ['ArrowRight', 'A2'],
    ['ArrowDown', 'B2'],
    ['ArrowUp', 'A2'],
    ['End', 'A12'],
    ['ArrowRight', 'A12'],
    ['Control+End', 'H12'],
    ['Home', 'H1'],
    ['Control+Home', 'A1'],
    ['ArrowLeft', 'A1'],
  ];
  const focused = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.seat);
  for (const [key, expected] of presses) {
    await page.keyboard.press(key);
    assert.equal(await focused(), expected, key);
  }
  await page.keyboard.press('Enter');
  await visitor.see('A1', 'mine');
  assert.equal(await seat('A1').getAttribute('aria-label'), 'Seat A 1, held for you');
  assert.equal(await focused(), 'A1', 'the focus stays');
  await page.keyboard.press('Space');
  await visitor.see('A1', 'free');

  // All the others are one stop for Tab.
  await page.keyboard.press('Tab');
  assert.equal(await focused(), undefined);
  await page.goto('about:blank');
  await page.goto('/');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'H1', 'skipped to the content');
  assert.deepEqual(await page.locator('[aria-current=page]').allTextContents(), ['Movies']);
});

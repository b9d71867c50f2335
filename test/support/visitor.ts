import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Front } from './front.ts';
import { PASSWORD, uniqueEmail } from './people.ts';

/** The cookies of a new customer who is logged in, and who that is. */
const registered = async (page: Page, url: string) => {
  const email = uniqueEmail();
  const post = async (path: string, data: unknown) => {
    const reply = await page.request.post(`${url}/v1/accounts${path}`, { data });
    if (!reply.ok()) throw new Error(`${path}: ${reply.status()} ${await reply.text()}`);
  };
  await post('', { email, name: 'Ada', password: PASSWORD });
  await post('/session', { email, password: PASSWORD });
  return email;
};

interface VisitorOptions extends BrowserContextOptions {
  loggedIn?: boolean;
}

/** A person with a browser of their own. */
export const openVisitor = async (front: Front, { loggedIn = true, ...options }: VisitorOptions = {}) => {
  const context = await front.browser.newContext({ baseURL: front.url, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  // What a policy or an integrity check refuses is said only there.
  page.on('console', (message) => {
    if (/policy|integrity|trusted/i.test(message.text())) faults.push(message.text());
  });
  const email = loggedIn ? await registered(page, front.url) : undefined;
  const seat = (name: string) => page.locator(`[data-seat=${name}]`);
  return {
    page,
    context,
    email,
    /** What went wrong in the page without being shown. */
    faults,
    seat,
    see: (name: string, state: string) =>
      page.locator(`[data-seat=${name}][data-state=${state}]`).waitFor({ timeout: 15_000 }),
    /** Opens a page, anew also when only the part after # differs. */
    visit: async (hash: string) => {
      await page.goto('about:blank');
      await page.goto(`/#/${hash}`);
    },
    watchScreening: async (id: string) => {
      await page.goto('about:blank');
      await page.goto(`/#/screenings/${id}`);
      await page.locator('[data-status=live]').waitFor();
      await page.locator('.auditorium:not([aria-busy])').waitFor();
    },
    /** The instance that its live seats come from, as the page says on request. */
    servedBy: async () => {
      const lines = await page.locator('.served-by li').allTextContents();
      return /^\S+/.exec(lines.find((line) => line.includes('LIVE')) ?? '')?.[0];
    },
  };
};

export type Visitor = Awaited<ReturnType<typeof openVisitor>>;

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

interface Violation {
  id: string;
  impact: string;
  nodes: { target: string[]; failureSummary: string }[];
}

const SOURCE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe-core finds that keeps people out: its impacts serious and critical, as lines to read. */
export const seriousFaults = async (page: Page): Promise<string[]> => {
  await page.evaluate(readFileSync(SOURCE, 'utf8'));
  const found = (await page.evaluate(
    'axe.run(document).then(({ violations }) => violations)',
  )) as Violation[];
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
};

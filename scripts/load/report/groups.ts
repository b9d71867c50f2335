import { vitalName } from '../judge/words.ts';
import type { Part, Unit, Vital } from '../run.ts';

interface Line {
  part: Part;
  label: string;
  values: (number | null)[];
}

/** Vitals that share a chart: they are of one unit. */
export interface ChartGroup {
  title: string;
  vital: string;
  unit: Unit;
  lines: Line[];
}

const PRODUCTS: Partial<Record<Part['kind'], string>> = {
  redis: 'Redis',
  postgres: 'PostgreSQL',
  nginx: 'nginx',
};

/** Vitals that are compared between parts, by their names; in the order of the report. */
const SHARED: [title: string, name: RegExp][] = [
  ['CPU', /^cpu$/],
  ['Memory', /^memory$/],
  ['Event loop delay', /loop/i],
  ['Garbage collection', /\bgc\b|garbage/i],
  ['CPU throttling', /throttl/i],
  ['Connections', /connection|socket|\bpool\b/i],
  ['Queue', /queue|backlog|\bjobs\b/i],
];

const UNITS: Record<Unit, string> = {
  share: 'share',
  seconds: 'time',
  count: 'number',
  'per second': 'per second',
  bytes: 'bytes',
};

const groupOf = (part: Part, { name }: Vital): { title: string; shared: boolean } => {
  const shared = SHARED.find(([, pattern]) => pattern.test(name));
  if (shared) return { title: shared[0], shared: true };
  const product = PRODUCTS[part.kind];
  if (product) return { title: product, shared: false };
  return { title: name[0]?.toUpperCase() + name.slice(1), shared: true };
};

const rank = (title: string): number => {
  const titles = [...SHARED.map(([shared]) => shared), 'Redis', 'PostgreSQL', 'nginx'];
  const place = titles.indexOf(title);
  return place === -1 ? titles.length : place;
};

/** All vitals of all parts that have a value, as charts: what several parts have together, then each product's own. */
export const chartGroups = (parts: readonly Part[]): ChartGroup[] => {
  const groups = new Map<string, ChartGroup & { base: string }>();
  for (const part of parts)
    for (const vital of part.vitals) {
      if (vital.values.every((value) => value === null)) continue;
      const { title, shared } = groupOf(part, vital);
      const key = `${title} ${vital.unit}`;
      const group = groups.get(key) ?? { base: title, title, vital: vital.name, unit: vital.unit, lines: [] };
      const twice = part.vitals.filter(
        (other) => groupOf(part, other).title === title && other.unit === vital.unit,
      );
      const label = !shared
        ? vitalName(vital.name)
        : twice.length > 1
          ? `${part.name} ${vital.name}`
          : part.name;
      group.lines.push({ part, label, values: vital.values });
      groups.set(key, group);
    }
  const all = [...groups.values()];
  const named = all.map(({ base, ...group }) => {
    const alone = all.filter((other) => other.base === base).length === 1;
    return { ...group, title: alone ? base : `${base}: ${UNITS[group.unit]}`, rank: rank(base) };
  });
  return named.toSorted((a, b) => a.rank - b.rank).map(({ rank: _, ...group }) => group);
};

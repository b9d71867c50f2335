/** Samples of Prometheus's text format by name: their labels, as written, and values. */
export type Samples = Map<string, { labels: string; value: number }[]>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/;

/** Reads what /metrics says (prometheus.io/docs/instrumenting/exposition_formats); comments are passed over. */
export const parseSamples = (text: string): Samples => {
  const samples: Samples = new Map();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? [];
    if (!name) continue;
    const known = samples.get(name) ?? [];
    samples.set(name, known);
    known.push({ labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) });
  }
  return samples;
};

/** The sum of a metric's samples whose labels contain `part`; null when there are none. */
export const sumOf = (samples: Samples, name: string, part = ''): number | null => {
  const found = (samples.get(name) ?? []).filter(({ labels }) => labels.includes(part));
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
};

export interface Row {
  workload: string;
  name: string;
  /** CPU of the server in microseconds per request. */
  cpuMin: number;
  cpuMedian: number;
  cpuMax: number;
  perSecond: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  megabytes: number;
  /** From the start of the process to its first good answer. */
  startMs: number;
}

const WIDTH = 420;

/** A bar from zero to the median, with a line from the least to the greatest of the rounds. */
const bar = ({ name, cpuMin, cpuMedian, cpuMax }: Row, greatest: number): string => {
  const x = (value: number) => ((value / greatest) * WIDTH).toFixed(1);
  return `<svg viewBox="0 0 ${WIDTH} 22" width="${WIDTH}" height="22" role="img" aria-label="${name}: ${cpuMedian} µs">
    <rect class="${name === 'ours' ? 'ours' : 'other'}" y="4" width="${x(cpuMedian)}" height="14" rx="2"/>
    <line x1="${x(cpuMin)}" x2="${x(cpuMax)}" y1="11" y2="11"/></svg>`;
};

const section = (workload: string, rows: readonly Row[]): string => {
  const greatest = Math.max(...rows.map(({ cpuMax }) => cpuMax));
  const lines = rows.map(
    (row) => `<tr><th scope="row">${row.name}</th><td>${bar(row, greatest)}</td><td>${row.cpuMedian}</td>
      <td>${row.perSecond}</td><td>${row.p50}</td><td>${row.p99}</td><td>${row.megabytes}</td><td>${row.startMs}</td></tr>`,
  );
  return `<h2>${workload}</h2><table><tr><th></th><th>CPU per request, least – median – greatest</th><th>µs</th>
    <th>requests/s</th><th>p50 ms</th><th>p99 ms</th><th>MB</th>
    <th>start ms</th></tr>${lines.join('')}</table>`;
};

/** The measurement as one page that needs nothing else. */
export const toPage = (machine: string, rows: readonly Row[]): string => {
  const workloads = [...new Set(rows.map(({ workload }) => workload))];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Multiplex: what a request costs</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-x: auto; }
th, td { padding: 0.1rem 0.6rem; text-align: right; white-space: nowrap; }
th[scope="row"] { text-align: left; font-weight: normal; }
svg { vertical-align: middle; } line { stroke: currentColor; stroke-width: 2; }
.ours { fill: #1a7f64; } .other { fill: #8a8f98; }
</style><h1>What a request costs</h1><p>${machine}</p>
${workloads
  .map((workload) =>
    section(
      workload,
      rows.filter((row) => row.workload === workload),
    ),
  )
  .join('\n')}`;
};

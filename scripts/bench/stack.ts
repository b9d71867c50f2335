import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { parseArgs } from 'node:util';
import { prepareGround } from '../services/ground.ts';
import { type Contender, startContenders } from './contenders.ts';
import { cpuMilliseconds, median, residentMegabytes } from './figures.ts';
import { installReferences, type LoadResult, runLoad } from './load.ts';
import { type Row, toPage } from './page.ts';

/** Ours beside the references: the same duties, the same machine, one run, rounds interleaved. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    guard: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
/** About 1.6 × what it was measured to cost: a doubling fails. Bare Express itself costs four times as much on Node 20. */
const MOST_TIMES_BARE = Number(process.versions.node.split('.')[0]) < 24 ? 2.2 : 2.8;
const FOLDER = '.multiplex/bench';

interface Sample extends LoadResult {
  cpuMicros: number;
  megabytes: number;
}

const measure = async ({ target, job }: Contender, soldBefore: number): Promise<Sample> => {
  const before = cpuMilliseconds([target.pid]);
  const result = await runLoad({ ...job, soldBefore });
  const cpuMicros = ((cpuMilliseconds([target.pid]) - before) * 1_000) / result.sent;
  return { ...result, cpuMicros, megabytes: residentMegabytes([target.pid]) };
};

const collect = async (contenders: readonly Contender[]) => {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const [contender, list] of samples) {
      // The first round warms up, and is not counted.
      const sold = list.at(-1)?.sold ?? 0;
      list.push(await measure(contender, sold));
    }
    console.log(round === 0 ? 'warm' : `round ${round} of ${rounds}`);
  }
  return samples;
};

const toRow = ({ workload, name, target }: Contender, samples: readonly Sample[]): Row => {
  const counted = samples.slice(1);
  const of = (member: keyof Sample) => counted.map((sample) => sample[member]);
  const cpu = of('cpuMicros');
  const round1 = (value: number) => Math.round(value * 10) / 10;
  return {
    workload,
    name,
    cpuMin: round1(Math.min(...cpu)),
    cpuMedian: round1(median(cpu)),
    cpuMax: round1(Math.max(...cpu)),
    perSecond: Math.round(median(of('perSecond'))),
    p50: round1(median(of('p50'))),
    p99: round1(median(of('p99'))),
    megabytes: Math.round(median(of('megabytes'))),
    startMs: Math.round(target.startMs),
  };
};

/** Ours over each other one of the same workload. */
const ratiosOf = (rows: readonly Row[]) =>
  rows
    .filter(({ name }) => name !== 'ours')
    .flatMap((other) => {
      const ours = rows.find(({ workload, name }) => workload === other.workload && name === 'ours');
      if (!ours) return [];
      return [
        {
          workload: other.workload,
          'ours over': other.name,
          cpu: Math.round((ours.cpuMedian / other.cpuMedian) * 100) / 100,
          throughput: Math.round((ours.perSecond / other.perSecond) * 100) / 100,
        },
      ];
    });

await installReferences();
const ground = await prepareGround();
const wanted = new RegExp(values.only);
const all = await startContenders(ground, Number(values.seconds));
const contenders = all.filter(({ workload, name }) => wanted.test(`${workload}: ${name}`));
const samples = await collect(contenders);
const rows = contenders.map((contender) => toRow(contender, samples.get(contender) ?? []));
const ratios = ratiosOf(rows);
for (const target of new Set(all.map((contender) => contender.target))) await target.stop();
await ground.end();

const machine = `${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()}, Node ${process.version}`;
console.log(`\n${machine}; medians of ${rounds} rounds, CPU in µs per request, latency in ms`);
console.table(rows);
console.table(ratios);
mkdirSync(FOLDER, { recursive: true });
writeFileSync(`${FOLDER}/stack.json`, JSON.stringify({ machine, rounds, rows, ratios }, undefined, 2));
writeFileSync(`${FOLDER}/stack.html`, toPage(machine, rows));
console.log(`Written to ${FOLDER}/stack.json and stack.html`);

if (values.guard) {
  const bare = ratios.find(
    (ratio) => ratio.workload === 'bearer GET' && ratio['ours over'] === 'bare Express',
  );
  const passed = bare !== undefined && bare.cpu <= MOST_TIMES_BARE;
  console.log(
    `bearer GET costs ${bare?.cpu} × bare Express; the guard is ${MOST_TIMES_BARE}: ${passed ? 'passed' : 'FAILED'}`,
  );
  process.exitCode = passed ? 0 : 1;
}

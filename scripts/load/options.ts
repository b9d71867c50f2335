import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { scenarioNames } from './scenarios/index.ts';

export const USAGE = `npm run load -- [options]

What is loaded
  (nothing)             processes of this machine, started for the test: --replicas 2
  --compose [PROJECT]   the containers of a Compose project, at http://localhost:8080
  --url URL             what runs there already, such as by npm start
  --any-host            allows a URL of another machine. Ask whoever it belongs to.

How
  --scenario NAME       ${scenarioNames.join(', ')} (by default mix)
  --rate N              requests per second (50)
  --ramp S, --hold S    seconds (10 and 60)
  --find-limit          raises the rate by a quarter, each held for 15 s, until service levels or red lines break
  --repeat N            runs it N times: three or more for a comparison with confidence

What comes of it, in .multiplex/load
  --label NAME          of this state of the code (by default the commit); runs of a label are repeats of each other
  --compare WHICH       beside another label, the beginning of an id, or latest
  --slo FILE            service levels and red lines (scripts/load/slo.json)

Exits with 1 when a service level or red line was broken, with 2 when there is no result.`;

/** Which state of the code is measured. */
const commit = (): string => {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? '-changed' : '');
  } catch {
    return 'unlabelled';
  }
};

const LOCAL = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Load on somebody else's machine is an attack. @throws when the host is not this machine. */
const refuseOthers = (url: string) => {
  const { hostname } = new URL(url);
  if (!LOCAL.test(hostname))
    throw new Error(`${hostname} is not this machine. If you may put load on it, say --any-host.`);
};

/** @throws an error that names the faulty option. */
export const readOptions = (args: string[]) => {
  // `--compose` may stand alone: without a project it is that of the folder.
  const given = args.flatMap((arg, index) =>
    arg === '--compose' && (args[index + 1] ?? '--').startsWith('--') ? ['--compose', ''] : [arg],
  );
  const { values } = parseArgs({
    args: given,
    options: {
      compose: { type: 'string' },
      url: { type: 'string' },
      'any-host': { type: 'boolean', default: false },
      replicas: { type: 'string', default: '2' },
      scenario: { type: 'string', default: 'mix' },
      rate: { type: 'string', default: '50' },
      ramp: { type: 'string', default: '10' },
      hold: { type: 'string' },
      'find-limit': { type: 'boolean', default: false },
      repeat: { type: 'string', default: '1' },
      label: { type: 'string' },
      compare: { type: 'string' },
      slo: { type: 'string', default: 'scripts/load/slo.json' },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'replicas' | 'rate' | 'ramp' | 'repeat', least: number): number => {
    const value = Number(values[name]);
    if (!(value >= least)) throw new Error(`--${name} must be a number from ${least}.`);
    return value;
  };
  const findLimit = values['find-limit'];
  const hold = Number(values.hold ?? (findLimit ? 15 : 60));
  if (!(hold >= 5)) throw new Error('--hold must be a number from 5.');
  if (values.url !== undefined) {
    if (!URL.canParse(values.url)) throw new Error('--url must be a URL.');
    if (!values['any-host']) refuseOthers(values.url);
  }
  return {
    ...values,
    findLimit,
    hold,
    label: values.label ?? commit(),
    replicas: number('replicas', 1),
    rate: number('rate', 1),
    ramp: number('ramp', 0),
    repeat: number('repeat', 1),
  };
};

export type Options = ReturnType<typeof readOptions>;

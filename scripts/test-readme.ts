import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, whenEnded } from './services/children.ts';

/** Follows the README in a fresh clone: npm start, its own shell lines against it, status, reload, Ctrl-C. */
const READY_WITHIN_MS = 300_000; // packages are installed, and a database is made

const run = (command: string, options: { cwd: string; env: NodeJS.ProcessEnv }): string => {
  const { status, stdout, stderr } = spawnSync('bash', ['-eo', 'pipefail', '-c', command], {
    ...options,
    encoding: 'utf8',
  });
  console.log(`$ ${command}\n${stdout}${stderr}`);
  if (status !== 0) throw new Error(`ended with ${status}: ${command}`);
  return stdout;
};

const expect = (output: string, ...patterns: RegExp[]) => {
  for (const pattern of patterns) if (!pattern.test(output)) throw new Error(`the output lacks ${pattern}`);
};

const waitForLine = (child: ChildProcess, line: string) =>
  new Promise<void>((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => reject(new Error(`no "${line}" in time`)), READY_WITHIN_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (!output.includes(line)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });

const main = async (folder: string) => {
  const clone = join(folder, 'clone');
  run(`git clone --quiet --no-hardlinks "${process.cwd()}" "${clone}"`, { cwd: folder, env: process.env });
  const [port, control] = [await findFreePort(), await findFreePort()];
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, PORT: String(port), CONTROL_PORT: String(control) };
  const where = { cwd: clone, env };
  const system = spawn('npm', ['start'], { ...where, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  try {
    await waitForLine(system, 'Multiplex is ready');
    const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(
      (match) => match[1] ?? '',
    );
    const purchase = blocks.find((block) => block.includes('tickets/purchases')) ?? '';
    const lines = purchase.replaceAll('localhost:3000', `localhost:${port}`);
    expect(run(lines, where), /"seats":\["C7","C8"\]/, /x-served-by/i);
    expect(run('npm run --silent status', where), /api/, /worker/, /ready/);
    const load = `npm run --silent load -- --url http://localhost:${port} --rate 3 --ramp 1 --hold 5 || true`;
    expect(run(load, where), /api-\d+ cpu|hold to/, /^(PASS|FAIL): /m, /^Report /m); // how fast is another matter
    run('npm run --silent reload', where);
    expect(run(`curl -si http://localhost:${port}/docs`, where), /200 OK/);
    expect(run(`curl -si http://localhost:${port}/`, where), /200 OK/, /<title>Multiplex/);
  } finally {
    process.kill(-(system.pid as number), 'SIGINT'); // what Ctrl-C does: to the whole group
    await whenEnded(system);
  }
  const left = spawnSync('pgrep', ['-f', clone], { encoding: 'utf8' }).stdout.trim();
  if (left) throw new Error(`left running: ${left}`);
};

const folder = mkdtempSync(join(tmpdir(), 'multiplex-readme-'));
process.exitCode = await main(folder)
  .then(() => {
    console.log('The README holds.');
    return 0;
  })
  .catch((error: Error) => {
    console.error(error.message);
    return 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));

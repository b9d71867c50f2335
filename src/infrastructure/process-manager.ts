import type { ChildProcess } from 'node:child_process';
import { EX_CONFIG } from './lifecycle.ts';
import type { Logger } from './logger.ts';
import { type Ending, type ManagedProcess, manage, type Patience } from './managed-process.ts';

export type Role = 'api' | 'worker';

interface Options {
  spawn(role: Role): ChildProcess;
  logger: Logger;
  patience: Patience;
  /** What a reload begins with, such as bringing the schema up to date; false gives it up. */
  prepareReload(): Promise<boolean>;
  /** Called once, when every process of the start is ready. */
  onReady(): void;
  /** Called when every process has ended: 0 after a stop, otherwise what ended it all. */
  onEnd(exitCode: number): void;
}

/** A place that always has one process in service; a replacement takes it over. */
interface Slot {
  role: Role;
  restarts: number;
  current: ManagedProcess;
}

/** Deaths of one role in a row before readiness that end the whole: a typo, not an accident. */
const MOST_EARLY_DEATHS = 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A process that served this long has proved itself: the next pause starts from the shortest again. */
const PROVEN_MS = 10_000;

const pauseAfter = (deaths: number) =>
  Math.min(FIRST_PAUSE_MS * 2 ** deaths, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);

/**
 * Keeps processes in service: replaces one that dies or hangs, after a pause that doubles; gives up when they die
 * before they are ready; replaces all of them one by one on `reload`.
 */
export const createProcessManager = (options: Options) => {
  const { spawn, logger, patience, prepareReload, onReady, onEnd } = options;
  const slots = new Set<Slot>();
  const alive = new Set<ManagedProcess>();
  const earlyDeaths = { api: 0, worker: 0 };
  let exitCode: number | undefined; // once it is known, nothing is started any more
  let reloading = false;
  let announced = false;

  const end = (code: number) => {
    exitCode ??= code;
    for (const one of alive) one.terminate();
    if (alive.size === 0) onEnd(exitCode);
  };

  const announceReady = () => {
    if (announced || [...alive].some((one) => one.state() === 'starting')) return;
    announced = true;
    onReady();
  };

  const start = (role: Role): ManagedProcess => {
    const started = manage(spawn(role), patience, logger);
    alive.add(started);
    void started.whenReady.then((ready) => {
      if (!ready) return;
      earlyDeaths[role] = 0;
      logger.info({ role, pid: started.child.pid }, 'a process is ready');
      announceReady();
    });
    void started.whenEnded.then(() => {
      alive.delete(started);
      if (exitCode !== undefined && alive.size === 0) onEnd(exitCode);
    });
    return started;
  };

  /** Whether another process could do better: not after a faulty configuration, nor after deaths in a row. */
  const isWorthAnother = ({ role, current }: Slot, ending: Ending): boolean => {
    logger.error({ role, pid: current.child.pid, ...ending }, 'a process died');
    if (ending.state !== 'starting') return true;
    earlyDeaths[role] += 1;
    return ending.code !== EX_CONFIG && earlyDeaths[role] < MOST_EARLY_DEATHS;
  };

  const keepInService = async (slot: Slot) => {
    let pauses = 0;
    for (;;) {
      const watched = slot.current;
      const ending = await watched.whenEnded;
      if (exitCode !== undefined || !slots.has(slot)) return;
      if (slot.current !== watched) continue; // a reload has put another in its place
      if (!isWorthAnother(slot, ending)) {
        logger.fatal({ role: slot.role }, 'it dies before it is ready, always; its error stands above');
        return end(ending.code || 1);
      }
      if (Date.now() - watched.startedAt > PROVEN_MS) pauses = 0;
      await new Promise((resolve) => setTimeout(resolve, pauseAfter(pauses)));
      pauses += 1;
      if (exitCode !== undefined || !slots.has(slot)) return;
      slot.restarts += 1;
      slot.current = start(slot.role);
    }
  };

  /** Puts a new process in the place of the old one when it is ready; false when it never is. */
  const replace = async (slot: Slot): Promise<boolean> => {
    const next = start(slot.role);
    if (!(await next.whenReady)) return false;
    const leaving = slots.has(slot) ? slot.current : next; // it may have been removed meanwhile
    if (leaving !== next) slot.current = next;
    leaving.terminate();
    await leaving.whenEnded;
    return true;
  };

  const replaceAll = async () => {
    for (const slot of [...slots]) {
      if (exitCode !== undefined || !slots.has(slot) || (await replace(slot))) continue;
      logger.error('the reload failed: a new process did not become ready; the old ones go on');
      return;
    }
  };

  return {
    add: (role: Role) => {
      const slot = { role, restarts: 0, current: start(role) };
      slots.add(slot);
      void keepInService(slot);
    },
    /** Takes one process of the role out of service; the last one stays. */
    remove: (role: Role) => {
      const [spare, ...others] = [...slots].filter((slot) => slot.role === role).reverse();
      if (!spare || others.length === 0) return;
      slots.delete(spare);
      spare.current.terminate();
    },
    /** Replaces one process after the other, each when its replacement is ready; stops at one that never is. */
    reload: async () => {
      if (reloading || exitCode !== undefined) return;
      reloading = true;
      logger.info('reloading');
      if (await prepareReload()) await replaceAll();
      else logger.error('the reload failed: what comes first did; the old processes go on');
      reloading = false;
      logger.info('reloaded');
    },
    /** Lets all drain; called again, it kills what is left. */
    stop: () => {
      if (exitCode === undefined) return end(0);
      exitCode = exitCode || 1;
      for (const one of alive) one.kill();
    },
    /** One entry a process in service. */
    status: () =>
      [...slots].map(({ role, restarts, current: { child, state, startedAt, lastBeat } }) => {
        return { role, pid: child.pid, state: state(), restarts, startedAt, ...lastBeat() };
      }),
    /** The processes that can be asked for something. */
    ready: () => [...alive].filter((one) => one.state() === 'ready').map((one) => one.child),
  };
};

export type ProcessManager = ReturnType<typeof createProcessManager>;

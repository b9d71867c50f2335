import { isPassing, Problem } from './problem.ts';
import { toProblem } from './views.ts';

interface Kept<Input> {
  key: string;
  input: Input;
}

const TRIES = 5;
const LONGEST_PAUSE_SECONDS = 5;
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

/**
 * A creation that happens once, whatever happens to the connection, the instance or this page: its Idempotency-Key is
 * kept, through a reload too, until an answer says what became of it. `name` must differ by user.
 */
export const createAttempt = <Input, Result>(
  name: string,
  send: (input: Input, key: string) => Promise<Result>,
) => {
  const place = `attempt:${name}`;
  const read = (): Kept<Input> | undefined =>
    JSON.parse(sessionStorage.getItem(place) ?? 'null') ?? undefined;

  const finish = async ({ key, input }: Kept<Input>): Promise<Result> => {
    for (let tries = 1; ; tries += 1) {
      try {
        const result = await send(input, key);
        sessionStorage.removeItem(place);
        return result;
      } catch (error) {
        const problem = toProblem(error);
        if (!isPassing(problem)) sessionStorage.removeItem(place);
        if (!isPassing(problem) || tries === TRIES) throw problem;
        await pause(Math.min(problem.retryAfterSeconds ?? tries / 2, LONGEST_PAUSE_SECONDS));
      }
    }
  };

  return {
    /** What was begun and has no answer yet. */
    pending: () => read()?.input,
    /** @throws {Problem} a passing one leaves it pending. */
    start: (input: Input): Promise<Result> => {
      const kept = { key: crypto.randomUUID(), input };
      sessionStorage.setItem(place, JSON.stringify(kept));
      return finish(kept);
    },
    /** Sends what is pending again, with its key. @throws {Problem} */
    resume: (): Promise<Result> => {
      const kept = read();
      if (!kept) throw new Problem({ code: 'nothing_pending', status: 0, detail: 'Nothing is pending.' });
      return finish(kept);
    },
  };
};

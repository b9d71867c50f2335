import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleType,
  retry,
  wrap,
} from 'cockatiel';
import { Agent } from 'undici';
import { AppError, unavailable } from '../../errors.ts';
import type { Metrics } from '../../infrastructure/metrics.ts';
import { requestContext } from '../../infrastructure/request-context.ts';
import { inSpan, type Operation, type Tracing } from '../../infrastructure/tracing.ts';
import { type Calls, type Contract, TIMEOUT_HEADER } from './contract.ts';
import type { InternalTokens } from './internal-tokens.ts';

/** In all, repeats included, unless the caller's own caller waits for less. */
const TIMEOUT_MS = 3_000;
/** One attempt: a neighbour's slowest honest answer, and time for two more. */
const ATTEMPT_MS = 1_000;
const REPEATS = 2;
const FAILURES_TO_OPEN = 5;
const OPEN_MS = 2_000;
/** Below DRAIN_SECONDS (4), so that a neighbour that stops is hung up on before it hangs up; see draining. */
const KEEP_ALIVE_MS = 2_000;

/** The neighbour did not answer, or something in between did; it may be otherwise in a moment. */
class Outage extends Error {}

interface ClientParts {
  tokens: InternalTokens;
  metrics: Metrics;
  tracing?: Tracing | undefined;
}

const toError = (status: number, retryAfter: string | undefined, body: unknown): Error => {
  const {
    code,
    detail,
    type: _type,
    title: _title,
    requestId: _id,
    status: _status,
    ...extensions
  } = body as Record<string, unknown>;
  // A 401 is about our token and not the user's, who must not be told that theirs is bad.
  if (typeof code !== 'string' || status === 500 || status === 401) return new Outage(`answered ${status}`);
  return new AppError({
    code,
    status,
    detail: String(detail),
    ...(retryAfter && { retryAfterSeconds: Number(retryAfter) }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  });
};

/**
 * A neighbour's contract over HTTP: keep-alive connections, a deadline that is passed on, repeats with jitter for what
 * is idempotent, and a breaker that refuses at once while the neighbour is away. Fails as the neighbour would in
 * process, or with 503 `dependency_unavailable`.
 */
export const createContractClient = <C extends Contract>(contract: C, url: string, parts: ClientParts) => {
  const { feature, name, operations } = contract;
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: ATTEMPT_MS } });
  const outages = handleType(Outage);
  const breaker = circuitBreaker(outages, {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
  });
  const repeats = retry(outages, {
    maxAttempts: REPEATS,
    backoff: new ExponentialBackoff({ initialDelay: 50, maxDelay: 500 }), // with decorrelated jitter
  });
  // The breaker counts calls and not attempts: of two replicas one may break off many at once, which the other answers.
  const persistent = wrap(breaker, repeats);
  const { metrics, tokens, tracing } = parts;
  metrics.breakerState.set({ contract: name }, 0);
  breaker.onStateChange((state) =>
    metrics.breakerState.set({ contract: name }, state === CircuitState.Closed ? 0 : 1),
  );

  const { hostname, port, protocol } = new URL(url);
  const operationOf = (operation: string): Operation => ({
    kind: 'client',
    name: `POST /internal/${name}/${operation}`,
    attributes: {
      'http.request.method': 'POST',
      'url.full': `${url}/internal/${name}/${operation}`,
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    },
  });

  const send = async (operation: string, input: unknown, deadline: number): Promise<unknown> => {
    const timeoutMs = Math.floor(Math.min(ATTEMPT_MS, deadline - performance.now()));
    if (timeoutMs <= 0) throw new Outage('no time is left');
    const context = requestContext.getStore();
    const reply = await agent
      .request({
        origin: url,
        path: `/internal/${name}/${operation}`,
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.sign(context?.userId)}`,
          'content-type': 'application/json',
          'x-request-id': context?.requestId ?? '',
          ...context?.trace,
          [TIMEOUT_HEADER]: String(timeoutMs),
        },
        body: JSON.stringify({ input }),
        signal: AbortSignal.timeout(timeoutMs),
      })
      .then(async ({ statusCode, headers, body }) => ({
        status: statusCode,
        retryAfter: headers['retry-after'] as string | undefined,
        body: JSON.parse(await body.text()),
      }))
      .catch((cause: Error) => {
        throw new Outage(cause.message, { cause });
      });
    if (reply.status !== 200) throw toError(reply.status, reply.retryAfter, reply.body);
    return reply.body.output;
  };

  const call = async (operation: string, input: unknown): Promise<unknown> => {
    const deadline = Math.min(
      performance.now() + TIMEOUT_MS,
      requestContext.getStore()?.deadline ?? Number.POSITIVE_INFINITY,
    );
    const policy = operations[operation]?.idempotent ? persistent : breaker;
    try {
      const output = await policy.execute(() =>
        inSpan(tracing, operationOf(operation), () => send(operation, input, deadline)),
      );
      const parsed = operations[operation]?.output.parse(output);
      metrics.neighbourCalls.inc({ contract: name, operation, outcome: 'answered' });
      return parsed;
    } catch (error) {
      const isAway = error instanceof Outage || error instanceof BrokenCircuitError;
      metrics.neighbourCalls.inc({ contract: name, operation, outcome: isAway ? 'away' : 'refused' });
      throw isAway ? unavailable(feature, error) : error;
    }
  };

  const calls = Object.fromEntries(
    Object.keys(operations).map((operation) => [operation, (input: unknown) => call(operation, input)]),
  ) as Calls<C>;
  return { calls, close: () => agent.close() };
};

import { hostname } from 'node:os';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** Accepted in development and tests only, so that a clone starts at once; production refuses it by value. */
const DEVELOPMENT_SECRET = 'development-only-secret-never-for-production';
const MINIMUM_SECRET_LENGTH = 32; // 256 bits, the key size RFC 7518 section 3.2 asks of HS256

const integer = (fallback: number, min: number, max: number) =>
  z
    .string()
    .default(String(fallback))
    .refine((text) => /^\d+$/.test(text), 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

const flag = (fallback: boolean) =>
  z
    .enum(['true', 'false'], 'must be true or false')
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true');

const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

const url = (...protocols: string[]) =>
  z.string('is missing').refine(
    (text) => {
      return URL.canParse(text) && protocols.includes(new URL(text).protocol);
    },
    `must be a URL that starts with ${protocols.map((name) => `${name}//`).join(' or ')}`,
  );

const secretFault = (secret: string, production: boolean) => {
  if (secret.length < MINIMUM_SECRET_LENGTH)
    return `a secret needs ${MINIMUM_SECRET_LENGTH} characters or more`;
  if (production && (secret === DEVELOPMENT_SECRET || /change.?me|example/i.test(secret)))
    return 'a sample secret is refused in production';
  return undefined;
};

const secrets = (fallback: string, production: boolean, secretOf: (item: string) => string) => {
  const text = production
    ? z.string('is missing, and production has no default secret')
    : z.string().default(fallback);
  return text.transform(list).superRefine((items, context) => {
    if (items.length === 0) context.addIssue('needs at least one secret');
    for (const item of items) {
      const fault = secretFault(secretOf(item), production);
      if (fault) context.addIssue(fault);
    }
  });
};

const keyId = (item: string) => item.slice(0, Math.max(0, item.indexOf(':')));
const keySecret = (item: string) => item.slice(item.indexOf(':') + 1);

const jwtKeys = (production: boolean) =>
  secrets(`development:${DEVELOPMENT_SECRET}`, production, keySecret)
    .refine(
      (items) => items.every((item) => /^[\w-]{1,32}$/.test(keyId(item))),
      'each key is written id:secret',
    )
    .refine((items) => new Set(items.map(keyId)).size === items.length, 'key ids must differ')
    .transform((items) => items.map((item) => ({ id: keyId(item), secret: keySecret(item) })));

const isCount = (text: string) => /^\d+$/.test(text);
const isSubnet = (text: string) =>
  ['loopback', 'linklocal', 'uniquelocal'].includes(text) || ipaddr.isValidCIDR(text) || ipaddr.isValid(text);

const trustProxy = z
  .string()
  .default('0')
  .refine((text) => !['true', '*', '0.0.0.0/0', '::/0'].some((all) => list(text).includes(all)), {
    error:
      'would trust every sender, so that any client could forge its address; give a hop count or the proxies’ subnets',
    abort: true,
  })
  .refine(
    (text) => isCount(text) || list(text).every(isSubnet),
    'must be a hop count, or addresses and subnets separated by commas',
  )
  .transform((text) => (isCount(text) ? Number(text) : list(text)));

const publicUrl = (production: boolean) =>
  url('http:', 'https:')
    .refine((text) => {
      const { protocol, hostname: host } = new URL(text);
      return !production || protocol === 'https:' || ['localhost', '127.0.0.1'].includes(host);
    }, 'must be https in production (localhost excepted): session cookies are Secure only then')
    .transform((text) => new URL(text).origin);

const isHttpUrl = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

/** `accounts=http://accounts:3000,…`: where features are served that this process doesn't serve. */
const neighbours = z
  .string()
  .default('')
  .transform((text) => list(text).map((item) => item.split('=', 2) as [string, string | undefined]))
  .refine(
    (items) => items.every(([, address]) => address !== undefined && isHttpUrl(address)),
    'each is written feature=http://host:port',
  )
  .transform((items) => Object.fromEntries(items) as Record<string, string>);

/** `accounts:secret,…`: the passwords of the roles that `migrate` makes for services of their own. */
const rolePasswords = z
  .string()
  .default('')
  .transform(list)
  .refine((items) => items.every((item) => /^[a-z]\w*:[!-~]{16,}$/.test(item)), {
    error: 'each is written feature:password, with 16 characters of ASCII or more',
  })
  .transform((items) => Object.fromEntries(items.map((item) => [keyId(item), keySecret(item)])));

const isDecodable = (text: string) => {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
};

const headerOf = (item: string): [string, string] => {
  const at = item.indexOf('=');
  return [item.slice(0, at), decodeURIComponent(item.slice(at + 1))];
};

/** `name=value,…` with percent-encoded values, as OpenTelemetry has it. */
const headers = z
  .string()
  .default('')
  .transform(list)
  .refine((items) => items.every((item) => /^[\w-]+=/.test(item) && isDecodable(item)), {
    error: 'each is written name=value, percent-encoded',
    abort: true,
  })
  .transform((items) => Object.fromEntries(items.map(headerOf)));

const ratio = z
  .string()
  .default('1')
  .refine((text) => /^(0(\.\d+)?|1(\.0+)?)$/.test(text), 'must be a number from 0 to 1')
  .transform(Number);

/** Every variable, in the order of .env.example. An empty value counts as unset, as Compose passes those. */
const variables = (production: boolean) =>
  z.object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    INSTANCE_ID: z.string().max(64).default(`${hostname()}-${process.pid}`),
    HOST: z.string().default('0.0.0.0'),
    PORT: integer(3000, 0, 65_535),
    PUBLIC_URL: publicUrl(production).default('http://localhost:3000'),
    PAGE_FOLDER: z.string().default(''),
    TRUST_PROXY: trustProxy,
    BODY_LIMIT_BYTES: integer(65_536, 1_024, 10_485_760),
    CORS_ORIGINS: z.string().default('').transform(list),
    CORS_CREDENTIALS: flag(false),
    FEATURES: z.string().default('').transform(list),
    NEIGHBOURS: neighbours,
    DATABASE_URL: url('postgres:', 'postgresql:'),
    // Little's law: at 2 ms a query, 5 connections carry 2,500 queries/s, more than one Node process asks for.
    // Keep 2 x replicas x pool + 10 below PostgreSQL's max_connections: a rolling deployment doubles the replicas.
    DATABASE_POOL_SIZE: integer(5, 1, 100),
    DATABASE_ROLES: rolePasswords,
    REDIS_URL: url('redis:', 'rediss:'),
    REDIS_KEY_PREFIX: z.string().default('multiplex:'),
    JWT_KEYS: jwtKeys(production),
    JWT_ISSUER: z.string().default('multiplex'),
    JWT_AUDIENCE: z.string().default('multiplex-api'),
    ACCESS_TOKEN_SECONDS: integer(600, 10, 86_400),
    REFRESH_TOKEN_SECONDS: integer(2_592_000, 60, 31_536_000),
    REFRESH_GRACE_SECONDS: integer(10, 0, 60),
    SESSION_SECRETS: secrets(DEVELOPMENT_SECRET, production, (item) => item),
    SESSION_IDLE_SECONDS: integer(604_800, 120, 31_536_000),
    PASSWORD_HASH_CONCURRENCY: integer(2, 1, 64),
    RATE_LIMIT_WINDOW_SECONDS: integer(60, 1, 86_400),
    RATE_LIMIT_USER: integer(600, 1, 1_000_000_000),
    RATE_LIMIT_ADDRESS: integer(300, 1, 1_000_000_000),
    RATE_LIMIT_LOGIN: integer(10, 1, 1_000_000_000),
    EVENT_STREAMS_PER_INSTANCE: integer(4_000, 1, 1_000_000),
    EVENT_STREAMS_PER_ADDRESS: integer(100, 1, 1_000_000),
    EVENT_HEARTBEAT_SECONDS: integer(15, 1, 25), // below nginx's proxy_read_timeout, 30 s
    HOLD_SECONDS: integer(300, 1, 3_600),
    HOLD_SEATS_PER_USER: integer(10, 1, 100),
    DRAIN_SECONDS: integer(4, 0, 300),
    SHUTDOWN_SECONDS: integer(9, 1, 600),
    WEB_CONCURRENCY: integer(0, 0, 512),
    WORKER_CONCURRENCY: integer(1, 0, 512),
    CONTROL_PORT: integer(3100, 0, 65_535),
    HANG_SECONDS: integer(10, 2, 3_600),
    OTEL_EXPORTER_OTLP_ENDPOINT: url('http:', 'https:').optional(),
    OTEL_EXPORTER_OTLP_HEADERS: headers,
    OTEL_SERVICE_NAME: z.string().default(''),
    OTEL_TRACES_SAMPLER_ARG: ratio,
    // Jobs at a time in each worker process. Urgent ones wait for mail servers; bulk ones should not press on them.
    JOBS_URGENT_CONCURRENCY: integer(8, 1, 1_000),
    JOBS_BULK_CONCURRENCY: integer(2, 1, 1_000),
    SMTP_URL: url('smtp:', 'smtps:').optional(),
    MAIL_FROM: z.string().default('Multiplex <tickets@example.test>'),
    SEED_SAMPLE: flag(false),
    ADMIN_EMAIL: z.email().optional(),
    ADMIN_PASSWORD: z.string().min(10, 'needs 10 characters or more').optional(),
  });

const crossFaults = (env: Record<string, string | undefined>, production: boolean): string[] => {
  const faults: string[] = [];
  if (production && env.CORS_CREDENTIALS === 'true' && list(env.CORS_ORIGINS ?? '').includes('*'))
    faults.push('CORS_ORIGINS: * together with CORS_CREDENTIALS=true would let every site act as the user');
  if (production && !env.PUBLIC_URL) faults.push('PUBLIC_URL: is missing; production has no default');
  if (Boolean(env.ADMIN_EMAIL) !== Boolean(env.ADMIN_PASSWORD))
    faults.push('ADMIN_EMAIL: goes together with ADMIN_PASSWORD');
  if (Number(env.DRAIN_SECONDS ?? 4) >= Number(env.SHUTDOWN_SECONDS ?? 9))
    faults.push('DRAIN_SECONDS: must be less than SHUTDOWN_SECONDS, which ends the process whatever is left');
  return faults;
};

/** Thrown by {@link loadConfig}; `faults` holds one line a fault, each led by the variable's name. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

const deepFreeze = <T extends object>(value: T): Readonly<T> => {
  for (const member of Object.values(value))
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  return Object.freeze(value);
};

/**
 * Reads and checks the environment. Durations are in seconds and sizes in bytes, as the variables' names say.
 * @throws {ConfigError} naming every fault at once.
 */
export const loadConfig = (environment: Record<string, string | undefined>) => {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const production = env.NODE_ENV === 'production';
  const parsed = variables(production).safeParse(env);
  const faults = (parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  faults.push(...crossFaults(env, production));
  if (!parsed.success || faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(arrange(parsed.data));
};

const arrange = (v: z.output<ReturnType<typeof variables>>) => ({
  environment: v.NODE_ENV,
  instance: v.INSTANCE_ID,
  logLevel: v.LOG_LEVEL,
  /** Those that this process serves; none named means all. */
  features: v.FEATURES,
  neighbours: v.NEIGHBOURS,
  http: {
    host: v.HOST,
    port: v.PORT,
    publicUrl: v.PUBLIC_URL,
    pageFolder: v.PAGE_FOLDER,
    trustProxy: v.TRUST_PROXY,
    bodyLimitBytes: v.BODY_LIMIT_BYTES,
    cors: { origins: v.CORS_ORIGINS, credentials: v.CORS_CREDENTIALS },
  },
  database: { url: v.DATABASE_URL, poolSize: v.DATABASE_POOL_SIZE, rolePasswords: v.DATABASE_ROLES },
  redis: { url: v.REDIS_URL, keyPrefix: v.REDIS_KEY_PREFIX },
  tokens: {
    keys: v.JWT_KEYS,
    issuer: v.JWT_ISSUER,
    audience: v.JWT_AUDIENCE,
    accessSeconds: v.ACCESS_TOKEN_SECONDS,
    refreshSeconds: v.REFRESH_TOKEN_SECONDS,
    refreshGraceSeconds: v.REFRESH_GRACE_SECONDS,
  },
  sessions: { secrets: v.SESSION_SECRETS, idleSeconds: v.SESSION_IDLE_SECONDS },
  passwords: { hashConcurrency: v.PASSWORD_HASH_CONCURRENCY },
  rateLimits: {
    windowSeconds: v.RATE_LIMIT_WINDOW_SECONDS,
    perUser: v.RATE_LIMIT_USER,
    perAddress: v.RATE_LIMIT_ADDRESS,
    perLogin: v.RATE_LIMIT_LOGIN,
  },
  eventStreams: {
    perInstance: v.EVENT_STREAMS_PER_INSTANCE,
    perAddress: v.EVENT_STREAMS_PER_ADDRESS,
    heartbeatSeconds: v.EVENT_HEARTBEAT_SECONDS,
  },
  holds: { seconds: v.HOLD_SECONDS, seatsPerUser: v.HOLD_SEATS_PER_USER },
  shutdown: { drainSeconds: v.DRAIN_SECONDS, hardStopSeconds: v.SHUTDOWN_SECONDS },
  cluster: {
    apiProcesses: v.WEB_CONCURRENCY,
    workerProcesses: v.WORKER_CONCURRENCY,
    controlPort: v.CONTROL_PORT,
    hangSeconds: v.HANG_SECONDS,
  },
  jobs: { concurrency: { urgent: v.JOBS_URGENT_CONCURRENCY, bulk: v.JOBS_BULK_CONCURRENCY } },
  tracing: {
    /** Where spans go; undefined means that there are none. */
    endpoint: v.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/$/, ''),
    headers: v.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: v.OTEL_SERVICE_NAME || v.FEATURES.join('-') || 'multiplex',
    /** The share of traces that are recorded. */
    ratio: v.OTEL_TRACES_SAMPLER_ARG,
  },
  mail: { smtpUrl: v.SMTP_URL, from: v.MAIL_FROM, publicUrl: v.PUBLIC_URL },
  seed: { sample: v.SEED_SAMPLE, adminEmail: v.ADMIN_EMAIL, adminPassword: v.ADMIN_PASSWORD },
});

export type Config = ReturnType<typeof loadConfig>;

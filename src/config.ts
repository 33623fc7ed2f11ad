import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSink, type Sink } from './audit/sinks.ts';
import { readAddresses } from './identity/address-list.ts';
import { Refusal } from './lib/refusal.ts';

/** The directory of policies that ships with Sidelight. */
const shippedPolicies = fileURLToPath(new URL('../policies', import.meta.url));

interface Setting {
  flag: string;
  env: string;
  kind: 'text' | 'integer' | 'list' | 'switch';
  default: string;
  unit?: string;
  meaning: string;
}

/** Every setting once. A flag wins over the environment, the environment over the default. docs/configuration.md is printed from it. */
export const settings = {
  port: {
    flag: 'port',
    env: 'SIDELIGHT_PORT',
    kind: 'integer',
    default: '7433',
    meaning: 'TCP port for clients (/mcp) and agents (/agent); 0 takes a free one.',
  },
  host: {
    flag: 'host',
    env: 'SIDELIGHT_HOST',
    kind: 'text',
    default: '127.0.0.1',
    meaning: 'Address to listen on. Anything but loopback needs publicUrl.',
  },
  publicUrl: {
    flag: 'public-url',
    env: 'SIDELIGHT_PUBLIC_URL',
    kind: 'text',
    default: '',
    meaning:
      'URL people and agents use, for example https://sidelight.example.com; its host is the only one accepted beside loopback.',
  },
  dataDirectory: {
    flag: 'data',
    env: 'SIDELIGHT_DATA',
    kind: 'text',
    default: join(homedir(), '.local', 'share', 'sidelight'),
    meaning:
      'Directory of the embedded database and of the socket for `sidelight keys` and `agents`; used by one bridge at a time.',
  },
  databaseUrl: {
    flag: 'database-url',
    env: 'SIDELIGHT_DATABASE_URL',
    kind: 'text',
    default: '',
    meaning:
      'postgres:// URL of a PostgreSQL server (14 or newer) instead of the embedded database; used by one bridge at a time.',
  },
  secretFile: {
    flag: 'secret-file',
    env: 'SIDELIGHT_SECRET_FILE',
    kind: 'text',
    default: '',
    meaning:
      'File with the master secret, which signs and seals and is never in the database: one a line, the newest first. The default is the file `secret` of the data directory, made at the first start.',
  },
  acceptNewSecret: {
    flag: 'accept-new-secret',
    env: 'SIDELIGHT_ACCEPT_NEW_SECRET',
    kind: 'switch',
    default: 'false',
    meaning: 'Start with a database that was used with another master secret. People sign in again.',
  },
  policiesDirectory: {
    flag: 'policies',
    env: 'SIDELIGHT_POLICIES',
    kind: 'text',
    default: shippedPolicies,
    meaning: 'Directory of the policy files; see policies.md. The default ships with Sidelight.',
  },
  noWatchPolicies: {
    flag: 'no-watch-policies',
    env: 'SIDELIGHT_NO_WATCH_POLICIES',
    kind: 'switch',
    default: 'false',
    meaning: 'Take changed policy files only when asked to: by `sidelight policy reload` or SIGHUP.',
  },
  allowedOrigins: {
    flag: 'allowed-origins',
    env: 'SIDELIGHT_ALLOWED_ORIGINS',
    kind: 'list',
    default: '',
    meaning:
      'Browser origins that may call the bridge, separated by commas. Loopback origins may while it listens on loopback only.',
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    env: 'SIDELIGHT_TRUSTED_PROXIES',
    kind: 'list',
    default: '',
    meaning:
      'Addresses of the proxies in front, separated by commas, for example 10.0.0.5: callers are known by what these append to X-Forwarded-For. Whoever has one of these addresses can claim any other, so name the proxies alone, never a network that callers are in. Without it all callers behind a proxy share its address, for rate limits, address lists of keys and the audit trail.',
  },
  maxBodyBytes: {
    flag: 'max-body-bytes',
    env: 'SIDELIGHT_MAX_BODY_BYTES',
    kind: 'integer',
    default: '1048576',
    unit: 'bytes',
    meaning: 'Largest request body.',
  },
  retentionHours: {
    flag: 'retention-hours',
    env: 'SIDELIGHT_RETENTION_HOURS',
    kind: 'integer',
    default: '168',
    unit: 'hours',
    meaning: 'How long ended actions and their hits are kept.',
  },
  auditRetentionHours: {
    flag: 'audit-retention-hours',
    env: 'SIDELIGHT_AUDIT_RETENTION_HOURS',
    kind: 'integer',
    default: '8760',
    unit: 'hours',
    meaning: 'How long audit records are kept.',
  },
  auditCheckpoints: {
    flag: 'audit-checkpoints',
    env: 'SIDELIGHT_AUDIT_CHECKPOINTS',
    kind: 'list',
    default: '',
    meaning:
      'Where signed checkpoints of the audit trail go beside the database, separated by commas: stdout, file:///path, or an https:// URL that takes a POST (http:// to loopback only); see audit.md.',
  },
  drainSeconds: {
    flag: 'drain-seconds',
    env: 'SIDELIGHT_DRAIN_SECONDS',
    kind: 'integer',
    default: '10',
    unit: 'seconds',
    meaning: 'How long calls under way may take to end after SIGTERM.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'SIDELIGHT_LOG_LEVEL',
    kind: 'text',
    default: 'info',
    meaning: 'trace, debug, info, warn, error or silent; JSON lines on stderr.',
  },
  unsafeNoFsync: {
    flag: 'unsafe-no-fsync',
    env: 'SIDELIGHT_UNSAFE_NO_FSYNC',
    kind: 'switch',
    default: 'false',
    meaning:
      'Start even when the self-test finds that the embedded database does not reach the disk. Commits may be lost at a power cut.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

export interface Config {
  port: number;
  host: string;
  /** Undefined: the bridge is known by the address it listens on. */
  publicUrl: URL | undefined;
  dataDirectory: string;
  databaseUrl: string | undefined;
  /** Empty: the file `secret` of the data directory. */
  secretFile: string;
  acceptNewSecret: boolean;
  policiesDirectory: string;
  noWatchPolicies: boolean;
  allowedOrigins: string[];
  /** Their word on X-Forwarded-For is taken. */
  trustedProxies: string[];
  maxBodyBytes: number;
  retentionHours: number;
  auditRetentionHours: number;
  auditCheckpoints: Sink[];
  drainSeconds: number;
  logLevel: string;
  unsafeNoFsync: boolean;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];
const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

/** Words of a switch; without a prototype, because the word comes from outside. */
const switchWords: Record<string, boolean> = Object.assign(Object.create(null), {
  ...{ true: true, yes: true, on: true, 1: true },
  ...{ false: false, no: false, off: false, 0: false },
});
/** A body is held in memory as a whole, and the largest honest one is a few kilobytes. */
const maxBodyCeiling = 16 * 1024 * 1024;

/** Reads all settings; an empty one counts as not given. Refuses with the flag and the variable of the one at fault. */
export function readConfig(flags: Record<string, string | boolean | undefined>, env: NodeJS.ProcessEnv): Config {
  const text = (name: SettingName): string => {
    const { flag, env: variable, default: fallback } = settings[name];
    const given = String(flags[flag] ?? env[variable] ?? '');
    return given.trim() === '' ? fallback : given;
  };
  const integer = (name: SettingName, min: number, max: number): number => {
    const value = /^\s*\d+\s*$/.test(text(name)) ? Number(text(name)) : Number.NaN;
    if (Number.isNaN(value) || value < min || value > max)
      throw badSetting(name, text(name), `a whole number from ${min} to ${max}`);
    return value;
  };
  const isOn = (name: SettingName): boolean => {
    const on = switchWords[text(name).trim().toLowerCase()];
    if (on === undefined) throw badSetting(name, text(name), `one of ${Object.keys(switchWords).join(', ')}`);
    return on;
  };
  const host = text('host');
  const publicUrl = text('publicUrl') === '' ? undefined : readUrl('publicUrl', text('publicUrl'), ['http:', 'https:']);
  if (!loopbackHosts.has(host) && publicUrl === undefined) {
    throw badSetting('publicUrl', '', `set when the bridge listens on ${host}, so that requests for other hosts can be refused`);
  }
  const databaseUrl = text('databaseUrl');
  if (databaseUrl !== '') readUrl('databaseUrl', databaseUrl, ['postgres:', 'postgresql:']);
  if (!logLevels.includes(text('logLevel'))) throw badSetting('logLevel', text('logLevel'), logLevels.join(', '));
  return {
    port: integer('port', 0, 65_535),
    host,
    publicUrl,
    dataDirectory: text('dataDirectory'),
    databaseUrl: databaseUrl === '' ? undefined : databaseUrl,
    secretFile: text('secretFile'),
    acceptNewSecret: isOn('acceptNewSecret'),
    policiesDirectory: text('policiesDirectory'),
    noWatchPolicies: isOn('noWatchPolicies'),
    allowedOrigins: listOf(text('allowedOrigins')),
    trustedProxies: readProxies(listOf(text('trustedProxies'))),
    maxBodyBytes: integer('maxBodyBytes', 1_024, maxBodyCeiling),
    retentionHours: integer('retentionHours', 1, 24 * 365),
    auditRetentionHours: integer('auditRetentionHours', 24, 24 * 3650),
    auditCheckpoints: listOf(text('auditCheckpoints')).map(readCheckpointSink),
    drainSeconds: integer('drainSeconds', 0, 600),
    logLevel: text('logLevel'),
    unsafeNoFsync: isOn('unsafeNoFsync'),
  };
}

/** The words of a list; empty ones are none. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function readProxies(words: string[]): string[] {
  try {
    return words.length === 0 ? [] : readAddresses(words);
  } catch {
    throw badSetting(
      'trustedProxies',
      words.join(','),
      'a list of addresses such as 10.0.0.5 and 2001:db8::5, or of networks with proxies alone such as 10.0.9.0/29',
    );
  }
}

/** Not repeated in a refusal: the path of a webhook may be a secret. */
function readCheckpointSink(word: string): Sink {
  const sink = readSink(word);
  if (sink !== undefined) return sink;
  throw badSetting(
    'auditCheckpoints',
    '…',
    'stdout, file:///path, or an https:// URL without a password (http:// to loopback only)',
  );
}

function readUrl(name: SettingName, value: string, protocols: string[]): URL {
  if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol))
    throw badSetting(name, value.replace(/\/\/[^@/]*@/, '//…@'), `a URL that starts with ${protocols.join(' or ')}//`);
  return new URL(value);
}

function badSetting(name: SettingName, value: string, expected: string): Refusal {
  const { flag, env } = settings[name];
  return new Refusal({
    code: 'invalid_input',
    message: `The setting ${name} is ${JSON.stringify(value)}; it must be ${expected}.`,
    field: name,
    next: `Set --${flag} or ${env}.`,
  });
}

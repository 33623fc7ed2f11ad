import { readFileSync } from 'node:fs';
import { readSink, type Sink } from './audit/sinks.ts';
import { readAddresses } from './identity/address-list.ts';
import { Refusal } from './lib/refusal.ts';
import { type SettingName, settings } from './settings.ts';

export interface Config {
  port: number;
  host: string;
  /** Undefined: nobody reads numbers. */
  metricsPort: number | undefined;
  metricsHost: string;
  /** Undefined: the bridge is known by the address it listens on. */
  publicUrl: URL | undefined;
  dataDirectory: string;
  databaseUrl: string | undefined;
  busUrl: string | undefined;
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
  drainDelaySeconds: number;
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
  const databaseUrl =
    text('databaseUrl') === '' ? undefined : readUrl('databaseUrl', text('databaseUrl'), ['postgres:', 'postgresql:']);
  const busUrl = text('busUrl');
  if (busUrl !== '') readUrl('busUrl', busUrl, ['redis:', 'rediss:']);
  if (busUrl !== '' && databaseUrl === undefined)
    throw badSetting(
      'busUrl',
      busUrl.replace(/\/\/[^@/]*@/, '//…@'),
      'left out, or set together with databaseUrl: one bridge has nobody to tell',
    );
  if (!logLevels.includes(text('logLevel'))) throw badSetting('logLevel', text('logLevel'), logLevels.join(', '));
  return {
    port: integer('port', 0, 65_535),
    host,
    metricsPort: text('metricsPort') === '' ? undefined : integer('metricsPort', 0, 65_535),
    metricsHost: text('metricsHost'),
    publicUrl,
    dataDirectory: text('dataDirectory'),
    databaseUrl: databaseUrl && withPassword(text('databaseUrl'), databaseUrl, text('databasePasswordFile')),
    busUrl: busUrl === '' ? undefined : busUrl,
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
    drainDelaySeconds: integer('drainDelaySeconds', 0, 300),
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

/** The URL as it was written, or with the password of a file; the end of the file's last line is no part of it. */
function withPassword(asWritten: string, url: URL, file: string): string {
  if (file === '') return asWritten;
  if (url.password !== '') throw badSetting('databasePasswordFile', file, 'left out where databaseUrl has a password itself');
  const password = readPassword(file);
  const filled = new URL(url);
  filled.password = encodeURIComponent(password);
  return filled.href;
}

function readPassword(file: string): string {
  let password = '';
  try {
    password = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (problem) {
    throw badSetting('databasePasswordFile', file, `a file that can be read (${(problem as NodeJS.ErrnoException).code})`);
  }
  if (password === '') throw badSetting('databasePasswordFile', file, 'a file with a password in it');
  return password;
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

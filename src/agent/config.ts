import { type Engine, engines } from '../protocol/frames.ts';
import type { AgentOptions, LogLevel } from './options.ts';

/** Options that are complete and well formed. */
export interface AgentConfig extends Omit<AgentOptions, 'url' | 'key' | 'tags' | 'log' | 'instrument' | 'denyFiles' | 'engines'> {
  /** `ws:` or `wss:` with the path of the agents' endpoint. */
  url: string;
  key: string;
  tags: string[];
  instrument: string[];
  denyFiles: string[];
  engines: Engine[];
  log: LogLevel;
}

/** Signals a program can hear and that mean nothing else to Node. */
const killSignals = /^SIG(?:USR2|HUP|WINCH|CONT|URG|IO|PWR|BREAK)$/;

type Environment = Record<string, string | undefined>;

/** Live edit has to be asked for: it stops the program for a time that grows with its heap, and V8 may get it wrong. */
export const defaultEngines: readonly Engine[] = ['breakpoint', 'load-time'];

/** Where agents connect. */
const endpointPath = '/agent';

const schemes: Record<string, string> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };

/** Puts options and environment together, options first; or says in one sentence what is missing or wrong. */
export function readConfig(options: AgentOptions, environment: Environment): AgentConfig | { problem: string } {
  const url = options.url ?? environment.SIDELIGHT_URL;
  const key = options.key ?? environment.SIDELIGHT_KEY;
  const missing = [...(url ? [] : ['SIDELIGHT_URL']), ...(key ? [] : ['SIDELIGHT_KEY'])];
  if (!url || !key) return { problem: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set` };
  // What a header may carry; anything else is a key that was copied with its surroundings.
  if (!/^[\x21-\x7e]{1,500}$/.test(key.trim())) return { problem: 'SIDELIGHT_KEY is not a key' };
  const bridgeKey = (options.bridgeKey ?? environment.SIDELIGHT_BRIDGE_KEY ?? '').trim();
  if (!/^[\w-]{43}$|^$/.test(bridgeKey)) return { problem: 'SIDELIGHT_BRIDGE_KEY is not a key of a bridge' };
  const endpoint = readUrl(url.trim());
  if (endpoint === undefined)
    return { problem: 'SIDELIGHT_URL is not an address such as https://bridge.example or ws://localhost:4100' };
  const killSignal = (options.killSignal ?? environment.SIDELIGHT_KILL_SIGNAL ?? '').trim();
  if (killSignal !== '' && !killSignals.test(killSignal)) return { problem: `${killSignal} cannot be SIDELIGHT_KILL_SIGNAL` };
  const wanted = options.engines ?? listed(environment.SIDELIGHT_ENGINES);
  const unknown = wanted.find((name) => !engines.includes(name as Engine));
  if (unknown !== undefined) return { problem: `SIDELIGHT_ENGINES knows ${engines.join(', ')}, not ${unknown}` };
  const chosen = (option: string | undefined, name: string): string | undefined => option ?? environment[name];
  return {
    url: endpoint,
    key: key.trim(),
    tags: options.tags ?? environment.SIDELIGHT_TAGS?.split(',') ?? [],
    instrument: options.instrument ?? listed(environment.SIDELIGHT_INSTRUMENT),
    denyFiles: options.denyFiles ?? listed(environment.SIDELIGHT_DENY_FILES),
    engines: engines.filter((name) => (wanted.length === 0 ? defaultEngines : wanted).includes(name)),
    ...(isOn(options.workerThreads, environment.SIDELIGHT_WORKER_THREADS) ? { workerThreads: true } : {}),
    log: (options.log ?? environment.SIDELIGHT_AGENT_LOG) === 'debug' ? 'debug' : 'warn',
    ...given('bridgeKey', bridgeKey),
    ...given('service', chosen(options.service, 'SIDELIGHT_SERVICE')),
    ...given('environment', chosen(options.environment, 'SIDELIGHT_ENVIRONMENT')),
    ...given('version', chosen(options.version, 'SIDELIGHT_VERSION')),
    ...given('commit', chosen(options.commit, 'SIDELIGHT_COMMIT')),
    ...given('killSignal', killSignal),
    ...given('name', chosen(options.name, 'SIDELIGHT_AGENT_NAME')),
  };
}

export function wantsLoadTime({ instrument, engines: allowed }: AgentConfig): boolean {
  return instrument.length > 0 && allowed.includes('load-time');
}

function isOn(option: boolean | undefined, text: string | undefined): boolean {
  return option ?? !['', '0', 'false'].includes(text ?? '');
}

function listed(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function readUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = url && schemes[url.protocol];
  if (url === undefined || protocol === undefined || url.hostname === '' || url.username !== '' || url.password !== '')
    return undefined;
  const path = url.pathname.replace(/\/+$/, '');
  return `${protocol}//${url.host}${path.endsWith(endpointPath) ? path : path + endpointPath}`;
}

function given<Name extends string>(name: Name, value: string | undefined): { [N in Name]?: string } {
  return value === undefined || value.trim() === '' ? {} : ({ [name]: value.trim() } as { [N in Name]: string });
}

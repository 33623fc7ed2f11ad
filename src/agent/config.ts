/** What `start()` takes; everything that is left out comes from the environment (docs/agent.md). */
export interface AgentOptions {
  /** Address of the bridge: `https://bridge.example:4100`, `ws://…`, with or without `/agent`. SIDELIGHT_URL. */
  url?: string;
  /** Enrolment key, `sle_…`. SIDELIGHT_KEY. */
  key?: string;
  /** SIDELIGHT_SERVICE; else the name in the package.json of the working directory. */
  service?: string;
  /** SIDELIGHT_ENVIRONMENT. */
  environment?: string;
  /** SIDELIGHT_VERSION; else the version in the package.json of the working directory. */
  version?: string;
  /** SIDELIGHT_COMMIT; else what the build or the hosting says, else the checked-out commit. */
  commit?: string;
  /** SIDELIGHT_TAGS, separated by commas. */
  tags?: string[];
  /** For people; else `service@host/pid`. SIDELIGHT_AGENT_NAME. */
  name?: string;
  /** `warn` tells only what somebody has to mend. SIDELIGHT_AGENT_LOG. */
  log?: LogLevel;
}

export type LogLevel = 'warn' | 'debug';

/** Options that are complete and well formed. */
export interface AgentConfig extends Omit<AgentOptions, 'url' | 'key' | 'tags' | 'log'> {
  /** `ws:` or `wss:` with the path of the agents' endpoint. */
  url: string;
  key: string;
  tags: string[];
  log: LogLevel;
}

type Environment = Record<string, string | undefined>;

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
  const endpoint = readUrl(url.trim());
  if (endpoint === undefined)
    return { problem: 'SIDELIGHT_URL is not an address such as https://bridge.example or ws://localhost:4100' };
  const chosen = (option: string | undefined, name: string): string | undefined => option ?? environment[name];
  return {
    url: endpoint,
    key: key.trim(),
    tags: options.tags ?? environment.SIDELIGHT_TAGS?.split(',') ?? [],
    log: (options.log ?? environment.SIDELIGHT_AGENT_LOG) === 'debug' ? 'debug' : 'warn',
    ...given('service', chosen(options.service, 'SIDELIGHT_SERVICE')),
    ...given('environment', chosen(options.environment, 'SIDELIGHT_ENVIRONMENT')),
    ...given('version', chosen(options.version, 'SIDELIGHT_VERSION')),
    ...given('commit', chosen(options.commit, 'SIDELIGHT_COMMIT')),
    ...given('name', chosen(options.name, 'SIDELIGHT_AGENT_NAME')),
  };
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

import { Refusal } from '../lib/refusal.ts';
import { type Flags, Usage } from './usage.ts';

/** The settings of `sidelight stdio`; a flag wins over its variable. docs/configuration.md is printed from it. */
export const stdioSettings = {
  apiKey: {
    flag: 'api-key',
    env: 'SIDELIGHT_API_KEY',
    default: '',
    meaning: 'The key (slk_…). Better in the variable: other users of the machine can read flags.',
  },
  baseUrl: {
    flag: 'base-url',
    env: 'SIDELIGHT_BASE_URL',
    default: 'http://127.0.0.1:7433',
    meaning: 'Where the bridge is.',
  },
} as const;

/** Where `sidelight stdio` connects to, and with what. */
export interface StdioConfig {
  mcpUrl: URL;
  apiKey: string;
}

/** Reads the settings of `sidelight stdio`; an empty one counts as not given. */
export function readStdioConfig(flags: Flags, env: NodeJS.ProcessEnv): StdioConfig {
  const text = (name: keyof typeof stdioSettings) => {
    const { flag, env: variable, default: fallback } = stdioSettings[name];
    return String(flags[flag] ?? env[variable] ?? '').trim() || fallback;
  };
  const apiKey = text('apiKey');
  if (apiKey === '') throw new Usage('Give a key (slk_…) with SIDELIGHT_API_KEY or --api-key; sidelight keys create makes one.');
  // What cannot stand in a header would be shown in the error about it.
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw badSetting('apiKey', 'The key holds blanks or characters that no key has');
  return { apiKey, mcpUrl: mcpUrlOf(text('baseUrl')) };
}

/** The bridge has its endpoint at one path; who gives that as well means the same. */
function mcpUrlOf(baseUrl: string): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw badSetting('baseUrl', 'The base URL must start with http:// or https://');
  if (url.username !== '' || url.password !== '' || url.search !== '')
    throw badSetting('baseUrl', 'The base URL must hold no user, no password and no query');
  return new URL(`${url.pathname.replace(/(?:\/mcp)?\/*$/, '')}/mcp`, url);
}

function badSetting(name: keyof typeof stdioSettings, message: string): Refusal {
  const { flag, env } = stdioSettings[name];
  return new Refusal({ code: 'invalid_input', message: `${message}.`, field: name, next: `Set --${flag} or ${env}.` });
}

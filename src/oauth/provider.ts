import type * as OidcProvider from 'oidc-provider';
import type { Provider } from 'oidc-provider';
import type { Log } from '../lib/log.ts';

/** oidc-provider as a module: the class, its errors and its interaction policy. */
export type OidcModule = typeof OidcProvider;

/** The provider of one bridge. */
export type AuthorizationProvider = Provider;

let loading: Promise<OidcModule> | undefined;

/**
 * Loads oidc-provider. It greets on the console, where nobody expects it (stdout belongs to the first line of `serve --json`), so what
 * is said there while it loads goes to the log.
 */
export function loadOidcProvider(log: Log): Promise<OidcModule> {
  loading ??= quietly(log, () => import('oidc-provider'));
  return loading;
}

async function quietly<T>(log: Log, load: () => Promise<T>): Promise<T> {
  const spoken = globalThis.console;
  const { info, warn } = spoken;
  const toLog = (...words: unknown[]) => log.debug({ from: 'oidc-provider' }, words.map(String).join(' '));
  Object.assign(spoken, { info: toLog, warn: toLog });
  try {
    return await load();
  } finally {
    Object.assign(spoken, { info, warn });
  }
}

/** Where codes may be sent, beside loopback on any port. */
export interface RedirectRules {
  /** Origins, pages and paths that end in a slash. */
  redirect_origins: readonly string[];
  redirect_schemes: readonly string[];
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);
const maxUriChars = 2_048;

/** Whether it means a program on the person's own machine: loopback, or a scheme of the operator's choice. */
export function isNativeRedirect(uri: string): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  return protocol === 'http:' ? loopbackNames.has(hostname) : protocol !== 'https:';
}

/**
 * Why a code may not be sent there; undefined when it may. Whoever gets a code gets in, so nothing is tidied: what is not plainly one
 * of the allowed places is refused.
 */
export function redirectProblem(uri: unknown, rules: RedirectRules): string | undefined {
  const malformed = shapeProblem(uri);
  if (malformed !== undefined) return malformed;
  const { protocol, hostname, origin } = new URL(uri as string);
  if (protocol === 'http:') return loopbackNames.has(hostname) ? undefined : 'http goes to loopback only';
  if (protocol === 'https:') {
    if (rules.redirect_origins.some((place) => isAt(place, uri as string))) return undefined;
    const isKnown = rules.redirect_origins.some((place) => place.startsWith(`${origin}/`));
    return isKnown ? `it is no page of ${origin} that the operator allows` : `${origin} is no origin the operator allows`;
  }
  const scheme = protocol.slice(0, -1);
  return rules.redirect_schemes.includes(scheme) ? undefined : `${scheme} is no scheme the operator allows`;
}

/** Whether a URL is of this place. Sites have pages that send on wherever a query says, so below a path nothing may be spelled oddly. */
function isAt(place: string, uri: string): boolean {
  const { origin, href } = new URL(uri);
  if (place === origin || (place === uri && !place.endsWith('/'))) return true;
  return place.endsWith('/') && uri === href && uri.startsWith(place) && /^[\w./~-]+$/.test(uri.slice(place.length));
}

/** What is wrong with it wherever it leads: URL parsers disagree about such, and one of them decides who gets the code. */
export function shapeProblem(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > maxUriChars || !URL.canParse(uri)) return 'it is no URL';
  if (/[^!-~]|[\\<>"^`{|}]/.test(uri)) return 'it has characters that do not belong into a URL';
  if (uri.includes('#')) return 'it has a fragment';
  const { username, password, protocol, hostname } = new URL(uri);
  const [, authority = ''] = /^[^:]+:\/\/([^/?]*)/.exec(uri) ?? [];
  if (username !== '' || password !== '' || authority.includes('@')) return 'it has a name or a password before its host';
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  // Spellings that a parser turns into another host: `127.1`, `0x7f.1`, `//host`, `https:/host`, capitals, a trailing dot.
  const [, spelled = ''] = /^https?:\/\/(\[[0-9a-f:.]+\]|[0-9a-z.-]+)(?::\d{1,5})?(?:[/?]|$)/.exec(uri) ?? [];
  return spelled === hostname && !hostname.endsWith('.') ? undefined : 'its host is spelled in an unusual way';
}

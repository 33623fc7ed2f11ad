import { vi } from 'vitest';

/** Named on the wire, and no secret: whoever knows all of them gets in nowhere. */
const publicNames = new Set([
  ...['client_id', 'client_name', 'client_id_issued_at', 'redirect_uri', 'response_type', 'scope', 'resource', 'iss', 'prompt'],
  ...['grant_type', 'code_challenge', 'code_challenge_method', 'token_type', 'client_assertion_type', 'decision', 'error'],
  ...['error_description', 'response_mode', 'token_endpoint_auth_method', 'application_type'],
  ...['id_token_signed_response_alg', 'sub', 'name', 'email'],
  // Names of a sign-in under way: what proves the browser is the signature beside them, and our own cookie.
  ...['cookie sidelight_interaction', 'cookie sidelight_resume'],
]);
/** Shorter ones are words: the state that a test chose, an algorithm. */
const minSecretChars = 16;

/** A request as it went over the wire. */
export interface Sent {
  url: URL;
  /** Headers and body as text. */
  text: string;
}

/** Everything that was sent with `fetch` in this process, by the bridge and to it. */
export interface Wire {
  /** Whatever was sent that is not known to be harmless, by what it is called there. */
  secrets: Map<string, string>;
  sent: Sent[];
}

/** Listens to every `fetch` until mocks are restored. It must begin before the bridge starts. */
export function listenToWire(): Wire {
  const wire: Wire = { secrets: new Map(), sent: [] };
  const { fetch } = globalThis;
  const note = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value.length < minSecretChars || publicNames.has(name)) return;
    if (!wire.secrets.has(value)) wire.secrets.set(value, name);
  };
  const noteAll = (pairs: Iterable<[string, unknown]>) => {
    for (const [name, value] of pairs) note(name, value);
  };
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(request?.url ?? String(input));
    const headers = new Headers(init.headers ?? request?.headers);
    const { body } = init;
    const form = typeof body === 'string' || body instanceof URLSearchParams ? String(body) : '';
    wire.sent.push({ url, text: `${JSON.stringify([...headers])}\n${form}` });
    noteAll(url.searchParams);
    note('authorization', headers.get('authorization')?.replace(/^Bearer /, ''));
    if (/^[a-z_]+=/.test(form)) noteAll(new URLSearchParams(form));
    const response = await fetch(input, init);
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      note(`cookie ${name}`, value);
    }
    const location = response.headers.get('location');
    if (location !== null) noteAll(new URL(location, url).searchParams);
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('text/html')) {
      const html = await response.clone().text();
      for (const [, name = '', value] of html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g))
        note(name, value);
    } else if (type.startsWith('application/json') && /\/(?:token|register|me)$/.test(url.pathname)) {
      noteAll(Object.entries((await response.clone().json()) as object));
    }
    return response;
  });
  return wire;
}

/** How a secret could stand in a text, whole or its end alone: as it is, in hex, in base64 at any of three offsets. */
export function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const shifted = [0, 1, 2].map((skipped) => {
    const whole = bytes.subarray(skipped, skipped + 3 * Math.floor((bytes.length - skipped) / 3));
    return whole.toString('base64');
  });
  const all = shifted.flatMap((each) => [each, each.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...new Set([secret.slice(-12), bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...all])];
}

/** The secrets that a text holds, each by what it is called on the wire. */
export function found(text: string, secrets: Map<string, string>): string[] {
  return [...secrets].filter(([secret]) => spellings(secret).some((each) => text.includes(each))).map(([, name]) => name);
}

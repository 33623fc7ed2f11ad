import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';

/** A provider that gives out access tokens for other servers, on loopback: keys, introspection, and switches to break it. */
export interface Issuer {
  url: string;
  /** A token of its key; `exp` in ten minutes, `sub`, `iss` and roles of a developer unless said otherwise. */
  token(claims?: JWTPayload, header?: Partial<JWTHeaderParameters>, how?: 'own key' | 'foreign key'): Promise<string>;
  /** Opaque tokens that are active, and what introspection says of them. */
  opaque: Map<string, Record<string, unknown>>;
  /** Signs with a new key from now on, and publishes only that. */
  rotate(): Promise<void>;
  requests: string[];
  isDown: boolean;
  close(): Promise<void>;
}

/** Starts one. */
export async function startIssuer(audience: () => string): Promise<Issuer> {
  const makeKey = async (kid: string) => ({ kid, ...(await generateKeyPair('ES256', { extractable: true })) });
  let key = await makeKey('one');
  const foreign = await makeKey('one');
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    requests.push(`${request.method} ${path}`);
    if (issuer.isDown) return void response.writeHead(503).end();
    const answer = (body: object) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (path === '/.well-known/openid-configuration') {
      return void answer({
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/keys`,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        introspection_endpoint: `${issuer.url}/introspect`,
        response_types_supported: ['code'],
      });
    }
    if (path === '/keys') {
      return void answer({ keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: 'ES256', use: 'sig' }] });
    }
    let body = '';
    for await (const chunk of request) body += chunk;
    // Form-encoded before they are joined (RFC 6749 section 2.3.1).
    const told64 = request.headers.authorization?.replace('Basic ', '') ?? '';
    const isUs = decodeURIComponent(Buffer.from(told64, 'base64').toString()) === 'sidelight:its-secret';
    if (path !== '/introspect' || !isUs) return void response.writeHead(401).end('{"error":"invalid_client"}');
    const told = issuer.opaque.get(new URLSearchParams(body).get('token') ?? '');
    answer(told === undefined ? { active: false } : { active: true, ...told });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    opaque: new Map(),
    requests,
    isDown: false,
    async token(claims = {}, header = {}, how = 'own key') {
      const now = Math.floor(Date.now() / 1000);
      const all = {
        ...{ iss: issuer.url, aud: audience(), sub: 'ada', iat: now, exp: now + 600 },
        ...{ roles: ['engineering'], groups: ['team-a'], scope: 'runtime:read runtime:capture', client_id: 'an-ide' },
        ...claims,
      };
      const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      const { privateKey, kid } = how === 'own key' ? key : foreign;
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt', ...header }).sign(privateKey);
    },
    async rotate() {
      key = await makeKey('two');
    },
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return issuer;
}

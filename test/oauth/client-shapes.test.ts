import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientShape, chatGptKeys, shapes } from './client-shapes.ts';
import { type Proof, signInAs } from './client-shapes-flow.ts';
import { type OAuthWorld, oauthWorld } from './world.ts';

const identity = `mode: local
clients:
  redirect_origins: ${JSON.stringify([
    ...['https://claude.ai', 'https://claude.com', 'https://chatgpt.com', 'https://vscode.dev', 'https://insiders.vscode.dev'],
    ...['https://www.cursor.com', 'https://n8n.example.com'],
  ])}
`;

let world: OAuthWorld;
let shipped: OAuthWorld;
let privateKey: CryptoKey;
const fetched: string[] = [];
beforeAll(async () => {
  const pair = await generateKeyPair('RS256');
  privateKey = pair.privateKey;
  const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'c1', alg: 'RS256', use: 'sig' }] };
  const documents = new Map<string, unknown>(
    shapes.flatMap(({ document }) => (document ? [[document.client_id, document]] : [])),
  );
  documents.set(chatGptKeys, keys);
  const fetch = async (url: string) => {
    fetched.push(url);
    return documents.has(url) ? Response.json(documents.get(url)) : new Response('', { status: 404 });
  };
  world = await oauthWorld({ identity, fetch });
  shipped = await oauthWorld({ fetch });
});
afterAll(() => Promise.all([world.close(), shipped.close()]));

/** How the client proves who it is, by what it registered or says. */
function proofOf({ document }: ClientShape, clientId: string, secret: unknown, audience: string): Proof {
  if (typeof secret === 'string') {
    const headers = { Authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` };
    return async () => ({ form: {}, headers });
  }
  if (document?.token_endpoint_auth_method !== 'private_key_jwt') return async () => ({});
  let count = 0;
  return async () => ({
    form: {
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await new SignJWT({ jti: `assertion-${audience}-${count++}` })
        .setProtectedHeader({ alg: 'RS256', kid: 'c1' })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey),
    },
  });
}

/** The client as the bridge knows it from then on. */
async function introduce({ client }: OAuthWorld, { registration, document }: ClientShape) {
  if (document !== undefined) return { clientId: document.client_id, secret: undefined };
  const { status, body } = await client.register({ client_name: undefined, ...registration });
  expect({ status, body }).toMatchObject({ status: 201 });
  return { clientId: String(body.client_id), secret: body.client_secret };
}

const ways = shapes.flatMap((shape) => shape.redirects.map((redirect) => ({ name: shape.name, redirect, shape })));

describe('a sign-in', () => {
  it.each(ways)(
    'of $name, which has its code sent to $redirect, ends in tokens that call tools and are refreshed',
    async (way) => {
      const { shape, redirect } = way;
      const { origin } = world.bridge.url;
      const { clientId, secret } = await introduce(world, shape);
      const proof = proofOf(shape, clientId, secret, origin);
      const { tokens, refresh } = await signInAs(origin, world.client, shape, { clientId, redirect, proof });
      expect(tokens).toMatchObject({ status: 200, token_type: 'Bearer', expires_in: 3600 });
      expect(tokens.scope.split(' ')).toEqual(expect.arrayContaining(['runtime:read', 'runtime:capture']));
      expect(world.people.shown).toMatchObject({
        client: { id: clientId, redirectUri: redirect, known: shape.document ? 'document' : 'self_registered' },
      });
      const next = await refresh(tokens.refresh_token);
      expect(next).toMatchObject({ status: 200, expires_in: 3600 });
      expect(next.refresh_token).not.toBe(tokens.refresh_token);
      for (const { access_token } of [tokens, next]) expect((await world.client.call(access_token)).status).toBe(200);
    },
  );

  it('of ChatGPT may name the token endpoint as the audience of what it signs', async () => {
    const shape = shapes.find(({ name }) => name === 'ChatGPT') as ClientShape;
    const { origin } = world.bridge.url;
    const clientId = String(shape.document?.client_id);
    const proof = proofOf(shape, clientId, undefined, `${origin}/oauth/token`);
    const given = { clientId, redirect: String(shape.redirects[0]), proof };
    const { tokens, refresh } = await signInAs(origin, world.client, shape, given);
    expect((await refresh(tokens.refresh_token)).status).toBe(200);
    expect(fetched).toContain(chatGptKeys);
  });

  it('is possible for each of them with identity.yaml as it is shipped, but for an n8n of one’s own, which is told why', async () => {
    for (const shape of shapes) {
      if (shape.registration === undefined) {
        const { url } = shipped.client.authorizeUrl(String(shape.document?.client_id), { redirect_uri: shape.redirects[0] });
        expect({ of: shape.name, status: (await fetch(url, { redirect: 'manual' })).status }).toEqual({
          of: shape.name,
          status: 303,
        });
        continue;
      }
      const { status, body } = await shipped.client.register({ client_name: undefined, ...shape.registration });
      const isForeign = shape.name.startsWith('n8n');
      expect({ of: shape.name, status }).toEqual({ of: shape.name, status: isForeign ? 400 : 201 });
      if (isForeign) expect(body.error_description).toContain('https://n8n.example.com is no origin the operator allows');
    }
  });
});

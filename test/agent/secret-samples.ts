import { characterSet } from '../../src/protocol/characters.ts';
import { compileNameRules } from '../../src/protocol/names.ts';
import { Secrets } from '../../src/protocol/secrets.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';

/** Secrets as an agent under the default policy hides them. */
export const agentSecrets = (): Secrets => new Secrets(secretRules, compileNameRules(toAgentRules(defaultRedactionPolicy)));

/** One token of each form that agents know, as long as its vendor makes the shortest ones. */
export function vendorTokens(next: () => number): { rule: string; token: string }[] {
  return secretRules.tokens.flatMap(({ rule, prefixes, characters, min }) => {
    const set = characterSet(characters);
    const usable = [...set.keys()].filter((code) => set[code] === 1).map((code) => String.fromCharCode(code));
    const plain = usable.filter((one) => /[A-Za-z0-9]/.test(one) && !/[xX]/.test(one));
    const last = plain.filter((one) => /[A-Z0-9]/.test(one));
    const some = (from: string[]): string => from[Math.floor(next() * from.length)] as string;
    return prefixes.map((prefix) => {
      const body = Array.from({ length: Math.max(0, min - 1) }, () => some(plain)).join('');
      return { rule, token: `${prefix}${body}${some(last)}` };
    });
  });
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const key = 'PRIVATE';

/** A secret in text, the part of it that must not leave, and the rule that hides it. */
export const samples: { text: string; secret: string; rule: string }[] = [
  { text: `-----BEGIN RSA ${key} KEY-----\nMIIEow9x\n-----END RSA ${key} KEY-----`, secret: 'MIIEow9x', rule: 'private-key' },
  {
    text: `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: '17' })}.s1gnatur3`,
    secret: base64url({ sub: '17' }),
    rule: 'jwt',
  },
  { text: 'postgres://till:hunt3r-two@db.internal:5432/till', secret: 'hunt3r-two', rule: 'url-password' },
  { text: 'https://t0ken-of-somebody-else@git.example/repo', secret: 't0ken-of-somebody-else', rule: 'url-password' },
  { text: 'curl -H X: Bearer 9f8e7d6c5b4a3f2e', secret: '9f8e7d6c5b4a3f2e', rule: 'authorization' },
  { text: `read:\\n-----BEGIN EC ${key} KEY-----\\nMIIEow9x`, secret: 'MIIEow9x', rule: 'private-key' },
  ...['DPoP', 'NTLM', 'SSWS', 'api-token', 'GenieKey', 'Splunk'].map((scheme) => ({
    text: `sent ${scheme} 9f8e7d6c5b4a3f2e`,
    secret: '9f8e7d6c5b4a3f2e',
    rule: 'authorization',
  })),
  { text: 'Authorization: Basic dGlsbDpodW50M3I=', secret: 'dGlsbDpodW50M3I', rule: 'authorization' },
  { text: '{"user":"ada","password":"correct horse"}', secret: 'correct horse', rule: 'password' },
  { text: '{\\"apiKey\\":\\"zq81-4nvd\\"}', secret: 'zq81-4nvd', rule: 'api-key' },
  { text: 'GET /cb?access_token=gr4nt&page=2', secret: 'gr4nt', rule: 'token' },
  { text: 'DB_PASSWORD=tr0ub4dor', secret: 'tr0ub4dor', rule: 'password' },
  { text: 'Cookie: sid=4f5a; theme=dark', secret: '4f5a', rule: 'cookie' },
  { text: 'node till.js --api-key zq81-4nvd --port 80', secret: 'zq81-4nvd', rule: 'api-key' },
  { text: '{"pin":4711,"name":"Ada"}', secret: '4711', rule: 'pin' },
];

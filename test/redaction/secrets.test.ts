import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isIn } from '../../src/redaction/detectors/characters.ts';
import { vendors } from '../../src/redaction/detectors/vendors.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';

const shown = (text: string): string => scrubText(new Session(defaultRedactionPolicy, undefined), text);

const mixed = 'a8Fk2LmQ9xZt4Rb7Wc1Yd5Nv3Ge6Hj0PsUoTiKqX';
const hex = '4f9c1e7a2b8d05364f1c9ea7d2b80563';
const uuid = '3f2c9a51-7b1e-4d0c-9e6f-0a1b2c3d4e5f';
/** Text of this length in which only characters of the set occur. */
function bodyOf(set: number, length: number): string {
  const allowed = [...mixed].filter((character) => isIn(character, 0, set)).join('');
  return allowed.repeat(Math.ceil(length / allowed.length)).slice(0, length);
}
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('tokens of vendors', () => {
  it.each(vendors.map(({ prefix, ...row }) => [prefix, row] as const))(
    '%s… is hidden whole, wherever it stands',
    (prefix, row) => {
      for (const length of new Set([row.min, Math.min(row.max, row.min + 6)])) {
        const token = prefix + bodyOf(row.set, length);
        for (const around of ['@', 'failed with @, retrying', '"@"', 'https://example.com/?x=@&y=1', 'got (@).']) {
          const text = shown(around.replace('@', token));
          expect(text).toContain('[REDACTED:');
          expect(text).not.toContain(token.slice(prefix.length, prefix.length + 12));
        }
      }
    },
  );

  it.each([...new Set(vendors.map(({ prefix }) => prefix))])('%s behind it only words is not a token', (prefix) => {
    const text = `see ${prefix}usage and ${prefix}things-to-know`;
    expect(shown(text)).toBe(text);
  });

  it.each([
    ['Microsoft Entra', `a1B8Q~${mixed.slice(0, 33)}`],
    ['a bot of Telegram', `123456789:A${mixed.slice(0, 34)}`],
    ['a bot of Discord', `M${mixed.slice(0, 23)}.${mixed.slice(3, 9)}.${mixed.slice(0, 30)}`],
    ['Terraform', `${mixed.slice(0, 14)}.atlasv1.${mixed}${mixed.slice(0, 27)}`],
    ['Mailchimp', `${hex}-us17`],
    ['Mailgun', `${hex}-1a2b3c4d-5e6f7a8b`],
    ['MaxMind', `${mixed.slice(0, 6)}_${mixed.slice(0, 29)}_mmk`],
    ['Facebook', `123456789012345|${mixed.slice(0, 27)}`],
    ['old Vault', `s.${mixed.slice(0, 24)}`],
  ])('one of %s is known by its whole form', (_, token) => {
    expect(shown(`failed with ${token} today`)).toBe('failed with [REDACTED:vendor-token] today');
  });

  it('one at the end of a cut text is hidden from its beginning on', () => {
    const session = new Session(defaultRedactionPolicy, undefined);
    expect(scrubText(session, 'failed with dop_v1_a8', { cut: true })).toBe('failed with [REDACTED:vendor-token]');
  });
});

describe('a secret behind its name in text', () => {
  it.each([
    ['<password>hunter2x</password>', 'hunter2x'],
    ['<apiToken>\n    hunter2x\n</apiToken>', 'hunter2x'],
    ['<add key="Password" value="hunter2x" />', 'hunter2x'],
    ['setProperty("API_TOKEN", "hunter2x9")', 'hunter2x9'],
    ['var dbPassword string = "hunter2x"', 'hunter2x'],
    ["const password: string = 'hunter2x';", 'hunter2x'],
    ["$apiToken .= 'hunter2x';", 'hunter2x'],
    ['API_TOKEN ?= hunter2x', 'hunter2x'],
    ['api_token := `hunter2x`', 'hunter2x'],
    ['AccountName=store;AccountKey=aGVsbG8x==;EndpointSuffix=x', 'aGVsbG8x'],
    ['order 7: main-www-authenticate=aN7IinqdJ done', 'aN7IinqdJ'],
    ['token: "see the password=hunter2x there"', 'hunter2x'],
  ])('%s', (text, secret) => {
    expect(shown(text)).not.toContain(secret);
  });

  it.each([
    'password: <password>',
    'TOKEN=xxxxxxxxxxxxxxxx',
    'api_key = "pplx-xxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
    'Authorization: Bearer $API_TOKEN',
    'authorization: Bearer <your token here>',
    `token: '$${'{TOKEN}'}'`,
    'password: {{ .Values.password }}',
    'password=%DB_PASSWORD%',
    'apiKey: YOUR_API_KEY',
    'apiKey: "your-api-key-here"',
    'token: null,',
    'password: string;',
    'const token = process.env.TOKEN;',
    'const password = getPassword();',
    'password: z.string().min(8),',
    'let tokens = burst;',
    'this.#secret = secret;',
    'secrets: Secrets;',
    'const tokens: Token[] = [];',
    'function open(secrets: Secrets, token: string): void {',
    'constructor(secrets: Pick<Secrets, "all">) {',
    'const key: PrivateKey = create();',
    "jwt_error: 'A token is missing here.'",
    "if (typeof password !== 'string') {",
    "['password', 'email', 'name']",
    'email: "e-mailadres"',
  ])('%s is left as it is: it stands for a secret, talks about one or reads one', (text) => {
    expect(shown(text)).toBe(text);
  });
});

describe('credentials in headers, URLs and command lines', () => {
  it.each([
    [`Bearer ${mixed}`, mixed],
    [`ApiKey ${mixed}`, mixed],
    [`SSWS ${mixed}`, mixed],
    [`Digest username="ada", realm="r", nonce="n", uri="/", response="${hex}"`, hex],
    [
      `AWS4-HMAC-SHA256 Credential=AKIAQYLPMN5HHHFPZAM2/20261121/eu/s3/aws4_request, SignedHeaders=host, Signature=${hex}${hex}`,
      hex,
    ],
    [`Set-Cookie: sid=${mixed}; Path=/; HttpOnly`, mixed],
    ['postgres://ada:tr0ub4dor@db/shop', 'tr0ub4dor'],
    ['jdbc:oracle:thin:scott/tr0ub4dor@db:1521:x', 'tr0ub4dor'],
    ['shop:tr0ub4dor@tcp(db:3306)/shop', 'tr0ub4dor'],
    [`https://x.blob.core.windows.net/c?sv=2026&sig=${encodeURIComponent(base64(mixed))}`, base64(mixed).slice(0, 20)],
    [`https://s3.amazonaws.com/b/k?X-Amz-Signature=${hex}${hex}`, hex],
    ['curl -u ada:tr0ub4dor https://example.com', 'tr0ub4dor'],
    ["curl --user 'ada:tr0ub4dor' https://example.com", 'tr0ub4dor'],
    ['curl -u "tr0ub4dor:" https://example.com', 'tr0ub4dor'],
    ['mysql -h db -u root -ptr0ub4dor shop', 'tr0ub4dor'],
    ['docker login -u ada -p tr0ub4dor registry.example.com', 'tr0ub4dor'],
    ['redis-cli -h cache -a tr0ub4dor ping', 'tr0ub4dor'],
    ['sshpass -p tr0ub4dor ssh ada@host', 'tr0ub4dor'],
  ])('%s', (text, secret) => {
    expect(shown(text)).not.toContain(secret);
  });

  it.each([
    'curl -u <user:password> https://example.com',
    'curl -u "$USER:$PASSWORD" https://example.com',
    'docker run -u 1000:1000 -p 8080:80 image',
    'mysql -h db -P 3306 shop',
    'mongodb://user:<password>@host/db',
    'OAuth is a signature scheme; basic authorization is another',
  ])('%s has none', (text) => {
    expect(shown(text)).toBe(text);
  });
});

describe('keys and encodings', () => {
  it('a private key of PuTTY is hidden, its public part is not', () => {
    const file = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA${mixed}\nPrivate-MAC: ${hex}\n`;
    expect(shown(file)).toMatch(
      /^PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\nAAAA\n\[REDACTED:private-key\]\n$/,
    );
  });

  it('a JWT whose header has blanks and line ends is one, too', () => {
    for (const header of ['{ "alg": "HS256" }', '{\n  "typ": "JWT",\n  "alg": "HS256"\n}'])
      expect(shown(`t ${Buffer.from(header).toString('base64url')}.e30.${mixed}`)).toBe('t [REDACTED:jwt]');
  });

  it.each([
    ['base64', base64('password=hunter2x and more')],
    ['base64 for URLs', Buffer.from('??>password=hunter2x').toString('base64url')],
    ['hexadecimal', Buffer.from('password=hunter2x').toString('hex')],
    ['percent-encoding', '%70assword%3Dhunter2x'],
    ['escapes of characters', 'pass\\x77ord\\x3dhunter2x'],
    ['Unicode escapes', 'pass\\u0077ord\\u003dhunter2x'],
  ])('a secret in %s is found', (_, text) => {
    expect(shown(`got ${text} there`)).toMatch(/^got \[REDACTED:(?:password|high-entropy)\] there$/);
  });

  it.each([
    `commit ${hex}4f9c1e7a`,
    `id ${uuid}`,
    'alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
    `public_key = "${mixed}"`,
    `sha512-${mixed}${mixed}==`,
    `ETag: W/"d44d-${mixed.slice(0, 27)}"`,
    base64('the quick brown fox jumps over the lazy dog'),
  ])('%s is not random text that has to be hidden', (text) => {
    expect(shown(text)).toBe(text);
  });
});

it('at most one line of source in a hundred is changed', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const lines = files.flatMap((name) => readFileSync(`src/${name}`, 'utf8').split('\n'));
  const changed = lines.filter((line) => shown(line) !== line);
  expect(changed.length, changed.join('\n')).toBeLessThanOrEqual(lines.length / 100);
});

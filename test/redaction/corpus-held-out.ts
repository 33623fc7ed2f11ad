/**
 * The held-out part of the corpus: written with another grammar than the rest (other names, values, layouts and hosts), and
 * never used to improve a detector. What is missed here is reported and left as it is; whoever wants to mend a miss
 * adds a sample of the same kind to the development part, with other words.
 */
import { array, captureOf, object } from './capture-data.ts';
import type { SensitiveCase } from './corpus-cases.ts';
import {
  between,
  type Chance,
  cardNumber,
  digits,
  type Group,
  hex,
  iban,
  lower,
  mixed,
  pick,
  run,
  upper,
} from './corpus-values.ts';

interface Kind {
  rule: string;
  group: Group;
  /** Names under which programs have it; the first ones alone say it, in structures. */
  names: readonly string[];
  /** The text when it stands without a name; absent when only a name tells it. */
  make?: (chance: Chance) => string;
}

const split = (...parts: string[]): string => parts.join('');
const accounts = ['m.curie', 'hedy', 'emmy-n', 'sofia.k', 'x.wang', 'rosalind2', 'jocelyn'];
const mailHosts = ['lab.example.net', 'posta.example.it', 'corp.example.io', 'example.museum'];

const kinds: readonly Kind[] = [
  {
    rule: 'password',
    group: 'secrets',
    names: ['adminPasswd', 'SMTP_PASSWORD', 'keystore-password', 'newPwd', 'rootPassword2', 'ldap.bindPassword'],
  },
  {
    rule: 'token',
    group: 'secrets',
    names: ['idToken', 'X-CSRF-Token', 'deviceToken', 'ci_job_token', 'upload_token', 'sasToken'],
  },
  {
    rule: 'api-key',
    group: 'secrets',
    names: ['mapsApiKey', 'STORAGE_ACCOUNT_KEY', 'x-functions-key', 'sendgrid_api_key', 'Ocp-Apim-Subscription-Key'],
  },
  {
    rule: 'secret',
    group: 'secrets',
    names: ['oauthClientSecret', 'JWT_SECRET', 'app_secret', 'cookieSigningKey', 'DATABASE_URL', 'hmac-key'],
  },
  { rule: 'cookie', group: 'secrets', names: ['sessionId', 'JSESSION_COOKIE', 'connect.sid', 'sessionCookie'] },
  { rule: 'credentials', group: 'secrets', names: ['awsCredentials', 'service_creds', 'dbCredentials'] },
  { rule: 'otp', group: 'secrets', names: ['smsCode', 'mfa_code', 'backup-code', 'oneTimePassword'] },
  { rule: 'cvv', group: 'secrets', names: ['cardCvc', 'cvv2', 'security_code'] },
  { rule: 'private-key', group: 'secrets', names: ['tlsPrivateKey', 'ssh_key', 'signingPrivKey'] },
  { rule: 'person-name', group: 'named', names: ['firstName', 'account_holder', 'patientName', 'surname', 'card-holder-name'] },
  { rule: 'birth-date', group: 'named', names: ['dateOfBirth', 'customer_dob', 'birthDate'] },
  { rule: 'national-id', group: 'named', names: ['passportNo', 'tax_number', 'driversLicense', 'nationalId'] },
  { rule: 'street-address', group: 'named', names: ['billingAddress', 'address_line_2', 'homeAddress'] },
  { rule: 'bank-account', group: 'named', names: ['bankAccount', 'routing_number', 'sortCode'] },
  {
    rule: 'email',
    group: 'proved',
    names: ['contactEmail', 'E-Mail'],
    make: (chance) => `${pick(chance, accounts)}@${pick(chance, mailHosts)}`,
  },
  {
    rule: 'phone',
    group: 'proved',
    names: ['mobileNumber', 'fax'],
    make: (chance) =>
      `+${pick(chance, ['39 06', '46 8', '61 2', '55 11'])} ${run(chance, '2345678', 4)} ${run(chance, '2345678', 4)}`,
  },
  { rule: 'card', group: 'proved', names: ['creditCard', 'card_number'], make: cardNumber },
  { rule: 'iban', group: 'proved', names: ['payoutIban'], make: iban },
  {
    rule: 'ssn',
    group: 'proved',
    names: ['socialSecurityNumber'],
    make: (chance) => `${between(chance, 101, 660)}-${between(chance, 11, 98)}-${between(chance, 1001, 9998)}`,
  },
  {
    rule: 'public-ip',
    group: 'proved',
    names: [],
    make: (chance) =>
      `${pick(chance, [5, 62, 91, 151, 212])}.${between(chance, 1, 250)}.${between(chance, 1, 250)}.${between(chance, 1, 250)}`,
  },
  {
    rule: 'mac',
    group: 'proved',
    names: ['macAddress'],
    make: (chance) => ['3c', ...Array.from({ length: 5 }, () => run(chance, hex, 2))].join(':'),
  },
  {
    rule: 'jwt',
    group: 'secrets',
    names: [],
    make: (chance) =>
      ['{"alg":"ES256"}', `{"iss":"${run(chance, lower, 6)}"}`]
        .map((part) => Buffer.from(part).toString('base64url'))
        .concat(mixed(chance, 50))
        .join('.'),
  },
  {
    rule: 'aws-key',
    group: 'secrets',
    names: [],
    make: (chance) => split('AS', 'IA') + run(chance, upper, 12) + run(chance, '2345', 4),
  },
  {
    rule: 'github-token',
    group: 'secrets',
    names: [],
    make: (chance) => split('github', '_pat_', mixed(chance, 22), '_', mixed(chance, 59)),
  },
  {
    rule: 'slack-token',
    group: 'secrets',
    names: [],
    make: (chance) => split('xo', 'xp-', run(chance, digits, 11), '-', run(chance, digits, 11), '-', run(chance, hex, 32)),
  },
  { rule: 'stripe-key', group: 'secrets', names: [], make: (chance) => split('wh', 'sec_', mixed(chance, 32)) },
  { rule: 'vendor-token', group: 'secrets', names: [], make: (chance) => split('shp', 'at_', run(chance, hex, 32)) },
  { rule: 'vendor-token', group: 'secrets', names: [], make: (chance) => split('dckr', '_pat_', mixed(chance, 27)) },
  { rule: 'vendor-token', group: 'secrets', names: [], make: (chance) => split('hv', 's.', mixed(chance, 95)) },
  { rule: 'vendor-token', group: 'secrets', names: [], make: (chance) => split('lin', '_api_', mixed(chance, 40)) },
  { rule: 'high-entropy', group: 'proved', names: [], make: (chance) => mixed(chance, between(chance, 44, 80)) },
];

/** A line, message or document around a value, which is to survive. */
type Layout = (value: string) => { text: string; kept: string[] };

const around =
  (before: string, after: string): Layout =>
  (value) => ({ text: `${before}${value}${after}`, kept: [before.trim(), after.trim()].filter((part) => part.length > 3) });

const layouts: Readonly<Record<string, Layout>> = {
  XML: around('<order><line no="4"><remark>', '</remark></line></order>'),
  YAML: around('order:\n  remark: ', '\n  lines: 4\n'),
  CSV: around('4711;shipped;', ';2026-02-03;open'),
  INI: around('[order]\nlines=4\nremark = ', '\n'),
  'Python traceback': around(
    'Traceback (most recent call last):\n  File "/srv/app.py", line 40, in run\nValueError: bad input: ',
    '\n',
  ),
  curl: around("curl -s -X POST https://orders.test/v2 -d 'remark=", "'"),
  brackets: around('rejected (', ') by the gateway'),
  'pipe table': around('| 4711 | ', ' | open |'),
  'Java log': around(
    '03-Feb-2026 08:00:01.250 SEVERE [http-nio-8080-exec-4] com.example.Orders.put Cannot store ',
    ' because of a conflict',
  ),
  markdown: around('* remark: `', '` (twice)'),
  question: around('Did you really mean ', '? Please check'),
  SQL: around("INSERT INTO remarks (id, body) VALUES (4, '", "') RETURNING id"),
};

const assigned: Readonly<Record<string, (name: string, value: string) => string>> = {
  dotenv: (name, value) => `PORT=8080\n${name}="${value}"\nMODE=fast\n`,
  TOML: (name, value) => `[service]\nport = 8080\n${name} = "${value}"\n`,
  'header of a request': (name, value) => `POST /v2/orders HTTP/1.1\nPort: 8080\n${name}: ${value}\n\n`,
  'JSON that is broken': (name, value) => `{"port": 8080, "${name}": "${value}", "mode": fast`,
  'inspected object': (name, value) => `{ port: 8080, '${name}': '${value}', mode: [Function] }`,
  form: (name, value) => `port=8080&${encodeURIComponent(name)}=${value}&mode=fast`,
};

const nameless: Readonly<Record<string, (name: string, value: string) => Parameters<typeof captureOf>[0]>> = {
  'deep field': (name, value) => ({ ctx: object({ request: object({ body: object({ [name]: value, count: 4 }) }) }) }),
  'list of variables': (name, value) => ({ env: array(object({ name: 'PORT', value: '8080' }), object({ name, value })) }),
  'entry of a Map': (name, value) => ({
    store: {
      $: 'map',
      size: 2,
      entries: [
        ['port', 8080],
        [name, value],
      ],
    },
  }),
  'logged JSON': (name, value) => ({ line: `${JSON.stringify({ time: 1_770_000_000_000, ctx: { [name]: value } })}` }),
  'closure variable': (name, value) => ({ [name.replaceAll(/[^A-Za-z0-9_]/g, '_')]: value }),
};

const named = (chance: Chance): string => `${run(chance, lower, 4)}.${run(chance, digits, 3)}${run(chance, upper, 3)}`;

/** Sensitive values nobody tunes on. */
export function heldOutCases(chance: Chance): SensitiveCase[] {
  const profile = 'debug' as const;
  return kinds.flatMap(({ rule, group, names, make }) => {
    const byForm = Object.entries(make === undefined ? {} : layouts).flatMap(([place, layout]) =>
      [1, 2, 3].map((): SensitiveCase => {
        const secret = (make as (chance: Chance) => string)(chance);
        const { text, kept } = layout(secret);
        return { rule, group, place, profile, secret, kept, capture: captureOf({ remark: text }) };
      }),
    );
    const byName = names.flatMap((name) =>
      Object.entries(nameless).map(([place, put]): SensitiveCase => {
        const secret = named(chance);
        return { rule, group: 'named', place, profile, secret, kept: [], capture: captureOf(put(name, secret)) };
      }),
    );
    const inText = (group === 'secrets' ? names : []).flatMap((name) =>
      Object.entries(assigned).map(([place, put]): SensitiveCase => {
        const secret = named(chance);
        return { rule, group, place, profile, secret, kept: ['8080'], capture: captureOf({ remark: put(name, secret) }) };
      }),
    );
    return [...byForm, ...byName, ...inText];
  });
}

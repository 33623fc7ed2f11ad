import { lineOf, type Scenario } from '../scenario.ts';

/**
 * Values that must never leave the bridge, by kind. None is real; the vendors' own documentation forms are used where
 * there are any, and they are put together here so that no scanner takes this file for a leak.
 */
export const secrets = {
  email: 'maria.santos@example-mail.test',
  card: ['4111', '1111', '1111', '1111'].join(' '),
  iban: ['DE89', '3704', '0044', '0532', '0130', '00'].join(''),
  ssn: ['536', '22', '1876'].join('-'),
  phone: '+1 (415) 555-2671',
  ip: '81.2.69.142',
  jwt: [
    Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url'),
    Buffer.from('{"sub":"u-1","name":"Maria"}').toString('base64url'),
    'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  ].join('.'),
  aws: `AKIA${'IOSFODNN7EXAMPLE'}`,
  github: `ghp_${'16C7e42F292c6912E7710c838347Ae178B4a'}`,
  stripe: `sk_live_${'4eC39HqLyjWDarjtT1zdp7dc'}`,
  password: 'Tr0ub4dor-and-3',
  pem: [
    '-----BEGIN',
    'PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq7BFUpkGp3+LQmlQ\n-----END',
    'PRIVATE KEY-----',
  ].join(' '),
} as const;

const source = `export async function signIn(request, session) {
  const user = await findUser(request.body.email);
  const headers = request.headers;
  audit(user, headers); // <- audit
  return session.open(user);
}
`;

export const leakyFile = 'src/sign-in.js';
export const leakyLine = lineOf(source, '<- audit');

/** A sign-in service with personal data and secrets in every place a value can stand. */
export function leaky(): Scenario {
  return {
    service: 'sign-in',
    files: { [leakyFile]: source },
    hides: false,
    next: () => ({
      file: leakyFile,
      line: leakyLine,
      function: 'signIn',
      callers: [{ function: `handle ${secrets.email}`, file: `/home/${secrets.email}/app/server.js`, line: 12 }],
      scopes: [
        {
          kind: 'local',
          values: {
            user: {
              name: 'Maria',
              email: secrets.email,
              password: secrets.password,
              profile: { phone: secrets.phone, ssn: secrets.ssn },
            },
            headers: { authorization: `Bearer ${secrets.jwt}`, 'x-forwarded-for': secrets.ip },
            note: `paid with ${secrets.card}, account ${secrets.iban}`,
            body: JSON.stringify({ login: { password: secrets.password, key: secrets.aws } }),
            [secrets.email]: 'a name that is a value',
            byToken: new Map<string, unknown>([
              [secrets.github, { seen: 1 }],
              ['stripe', secrets.stripe],
            ]),
            failure: new Error(`cannot sign ${secrets.jwt} in for ${secrets.email}`),
            lines: [
              secrets.pem,
              `password=${secrets.password}`,
              `https://maria:${secrets.password}@host.test/?token=${secrets.github}`,
            ],
            cut: `${'x'.repeat(230)} ${secrets.github}`,
          },
        },
        { kind: 'closure', values: { secret: secrets.stripe, cards: new Set([secrets.card]) } },
      ],
      pauseMicros: 200,
    }),
  };
}

/** Whether a value must never be seen, is known by its form, has its name to tell it, or is only guessed. */
export type Group = 'secrets' | 'proved' | 'named' | 'guessed';

/** One kind of sensitive value that is known by its form. */
export interface Form {
  /** The rule that hides it. */
  rule: string;
  group: Group;
  profile?: 'strict';
  /** A text of this kind, and the part of it that must not be seen. */
  make(chance: Chance): { text: string; secret: string };
}

/** Numbers from 0 up to but not including 1. */
export type Chance = () => number;

export const pick = <T>(chance: Chance, list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
export const between = (chance: Chance, from: number, to: number): number => from + Math.floor(chance() * (to - from + 1));

export const lower = 'abcdefghijklmnopqrstuvwxyz';
export const upper = lower.toUpperCase();
export const digits = '0123456789';
export const hex = '0123456789abcdef';

export const run = (chance: Chance, alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[Math.floor(chance() * alphabet.length)]).join('');

/** Letters of both cases and digits, each of them at least once. */
export function mixed(chance: Chance, length: number): string {
  return run(chance, lower, 1) + run(chance, upper, 1) + run(chance, digits, 1) + run(chance, lower + upper + digits, length - 3);
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const luhnDigit = (body: string): string => {
  let sum = 0;
  for (let at = 0; at < body.length; at++) {
    const value = Number(body[body.length - 1 - at]) * (at % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return String((10 - (sum % 10)) % 10);
};

export function cardNumber(chance: Chance): string {
  const [issuer, length] = pick(chance, [
    ['4', 16],
    ['51', 16],
    ['55', 16],
    ['2221', 16],
    ['34', 15],
    ['37', 15],
    ['6011', 16],
    ['3530', 16],
  ] as const);
  const body = issuer + run(chance, digits, length - issuer.length - 1);
  return body + luhnDigit(body);
}

export function iban(chance: Chance): string {
  const [country, account] = pick(chance, [
    ['DE', () => run(chance, digits, 18)],
    ['GB', () => run(chance, upper, 4) + run(chance, digits, 14)],
    ['NL', () => run(chance, upper, 4) + run(chance, digits, 10)],
    ['FR', () => run(chance, digits, 23)],
    ['ES', () => run(chance, digits, 20)],
    ['AT', () => run(chance, digits, 16)],
  ] as const);
  const body = account();
  const numeric = [...`${body}${country}00`].map((each) => Number.parseInt(each, 36)).join('');
  return `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, '0')}${body}`;
}

const grouped = (text: string, by: number, separator: string): string =>
  text.replace(new RegExp(`.{${by}}(?=.)`, 'g'), `$&${separator}`);

const people = ['ada', 'grace.hopper', 'linus', 'a.turing', 'barbara_l', 'k.johnson', 'mary-ann', 'edsger', 'o_reilly'];
const hosts = ['example.com', 'mail.example.org', 'uni-wien.example.at', 'wonder.example', 'sub-domain.example-shop.co.uk'];
const givenNames = ['John', 'Mary', 'Robert', 'Linda', 'James', 'Patricia', 'Michael', 'Susan'];
const familyNames = ['Smith', 'Johnson', 'Brown', 'Davis', 'Wilson', 'Miller', 'Taylor', 'Anderson'];

const whole = (text: string): { text: string; secret: string } => ({ text, secret: text });
const token = (rule: string, make: (chance: Chance) => string): Form => ({
  rule,
  group: 'secrets',
  make: (chance) => whole(make(chance)),
});
const proved = (rule: string, make: (chance: Chance) => string): Form => ({
  rule,
  group: 'proved',
  make: (chance) => whole(make(chance)),
});

const lastGroup = (chance: Chance): number => between(chance, 1, 254);

// Prefixes are put together here, so that scanners of repositories do not take this file for a leak.
const joined = (...parts: string[]): string => parts.join('');

/** Every class that has a detector. */
export const forms: readonly Form[] = [
  token('jwt', (chance) =>
    [base64url({ alg: 'RS256', kid: run(chance, hex, 8) }), base64url({ sub: run(chance, digits, 9) }), mixed(chance, 43)].join(
      '.',
    ),
  ),
  token('aws-key', (chance) => joined('AK', 'IA') + run(chance, `${upper}234567`, 15) + run(chance, '234567', 1)),
  token('github-token', (chance) => joined('gh', pick(chance, ['p_', 'o_', 's_', 'u_'])) + mixed(chance, 36)),
  token('gitlab-token', (chance) => joined('gl', 'pat-') + mixed(chance, 20)),
  token('slack-token', (chance) =>
    [joined('xo', 'xb'), run(chance, digits, 12), run(chance, digits, 12), mixed(chance, 24)].join('-'),
  ),
  token('stripe-key', (chance) => joined(pick(chance, ['sk', 'rk']), pick(chance, ['_live_', '_test_'])) + mixed(chance, 24)),
  token('google-key', (chance) => joined('AI', 'za') + mixed(chance, 35)),
  token('npm-token', (chance) => joined('np', 'm_') + mixed(chance, 36)),
  token('ai-key', (chance) => joined('sk', pick(chance, ['-ant-api03-', '-proj-'])) + mixed(chance, 48)),
  token(
    'sidelight-key',
    (chance) => joined('sl', pick(chance, ['k_', 'e_']), run(chance, lower + digits, 8), '_') + mixed(chance, 40),
  ),
  token('vendor-token', (chance) => joined('do', 'o_v1_') + run(chance, hex, 64)),
  token('vendor-token', (chance) => joined('SG', '.', mixed(chance, 22), '.', mixed(chance, 43))),
  token('vendor-token', (chance) => joined('py', 'pi-', 'AgEIcHlwaS5vcmc') + mixed(chance, 60)),
  {
    rule: 'private-key',
    group: 'secrets',
    make(chance) {
      const kind = pick(chance, ['', 'RSA ', 'EC ', 'OPENSSH ']);
      const secret = mixed(chance, 48);
      return { text: `-----BEGIN ${kind}PRIVATE KEY-----\n${secret}\n-----END ${kind}PRIVATE KEY-----`, secret };
    },
  },
  {
    rule: 'authorization',
    group: 'secrets',
    make(chance) {
      const secret = mixed(chance, between(chance, 20, 28));
      return { text: `Bearer ${secret}`, secret };
    },
  },
  {
    rule: 'authorization',
    group: 'secrets',
    make(chance) {
      const secret = Buffer.from(`${pick(chance, people)}:${mixed(chance, 11)}`).toString('base64');
      return { text: `Basic ${secret}`, secret };
    },
  },
  {
    rule: 'url-password',
    group: 'secrets',
    make(chance) {
      const secret = mixed(chance, 12);
      const scheme = pick(chance, ['postgres', 'mongodb+srv', 'redis', 'amqp', 'https', 'mysql']);
      return { text: `${scheme}://app:${secret}@db-${between(chance, 1, 9)}.internal/shop`, secret };
    },
  },
  {
    rule: 'url-secret',
    group: 'secrets',
    make(chance) {
      const secret = mixed(chance, 32);
      return { text: `https://files.example/b/k?${pick(chance, ['sig', 'X-Amz-Signature', 'signature'])}=${secret}`, secret };
    },
  },
  proved('high-entropy', (chance) => mixed(chance, between(chance, 40, 60))),
  proved('email', (chance) => `${pick(chance, people)}${between(chance, 1, 99)}@${pick(chance, hosts)}`),
  proved('card', (chance) => cardNumber(chance)),
  proved('card', (chance) => grouped(cardNumber(chance), 4, pick(chance, [' ', '-']))),
  proved('iban', (chance) => iban(chance)),
  proved('iban', (chance) => grouped(iban(chance), 4, ' ')),
  proved('ssn', (chance) => `${between(chance, 100, 665)}-${between(chance, 10, 99)}-${between(chance, 1000, 9999)}`),
  proved('phone', (chance) => `+${pick(chance, ['49 170', '44 20', '33 1', '1 415', '81 3'])} ${run(chance, '23456789', 7)}`),
  proved('phone', (chance) => `(${between(chance, 201, 989)}) ${between(chance, 201, 989)}-${run(chance, digits, 4)}`),
  proved(
    'public-ip',
    (chance) => `${pick(chance, [8, 23, 93, 185, 203])}.${lastGroup(chance)}.${lastGroup(chance)}.${lastGroup(chance)}`,
  ),
  proved(
    'public-ip',
    (chance) => `2a02:${run(chance, '123456789', 4)}::${run(chance, '123456789abcdef', 4)}:${run(chance, '12345678', 3)}`,
  ),
  proved('mac', (chance) => grouped(`0${run(chance, '123456789abcdef', 11)}`, 2, pick(chance, [':', '-']))),
  { ...proved('private-ip', (chance) => `10.${lastGroup(chance)}.${lastGroup(chance)}.${lastGroup(chance)}`), profile: 'strict' },
  {
    rule: 'person-name',
    group: 'guessed',
    make: (chance) => whole(`${pick(chance, givenNames)} ${pick(chance, familyNames)}`),
  },
  {
    rule: 'street-address',
    group: 'guessed',
    make: (chance) =>
      whole(
        `${between(chance, 1, 990)} ${pick(chance, ['Main', 'Oak', 'Park', 'Station'])} ${pick(chance, ['Street', 'Avenue', 'Road'])}`,
      ),
  },
];

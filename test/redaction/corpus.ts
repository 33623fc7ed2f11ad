import { notations } from './notation-samples.ts';

export { benign } from './corpus-benign.ts';

/** A labelled value: `secret` must not survive in what is answered; without one nothing may change. */
export interface Sample {
  class: string;
  text: string;
  /** The name of the variable or field that holds it. */
  name?: string;
  secret?: string;
}

// Tokens are put together here, so that scanners of repositories do not take this file for a leak.
const body = 'a8Fk2LmQ9xZt4Rb7Wc1Yd5Nv3Ge6Hj0PsUoTiKqX';
const base64url = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const base64 = (value: string): string => Buffer.from(value).toString('base64');
export const jwtSample = [base64url({ alg: 'HS256', typ: 'JWT' }), base64url({ sub: '1234567890', name: 'Ada' }), body].join('.');
export const tokens = {
  aws: ['AK', 'IA', 'QYLPMN5HHHFPZAM2'].join(''),
  github: ['gh', 'p_', body.slice(0, 36)].join(''),
  githubPat: ['github', 'pat', '11ABCDEFG0abcdefghijkl', `${body}${body}`.slice(0, 59)].join('_'),
  slack: ['xo', 'xb-', '123456789012-1234567890123-', body.slice(0, 24)].join(''),
  stripe: ['sk', 'live', body.slice(0, 24)].join('_'),
  google: ['AI', 'za', `Sy${body}`.slice(0, 35)].join(''),
  npm: ['np', 'm_', body.slice(0, 36)].join(''),
  anthropic: ['sk', 'ant', 'api03', body].join('-'),
  openai: ['sk', 'proj', body].join('-'),
  gitlab: ['gl', 'pat-', body.slice(0, 20)].join(''),
  sidelight: ['sl', 'k_', 'k1a2b3c4', '_', body].join(''),
  enrolment: ['sl', 'e_', 'k1a2b3c4', '_', body].join(''),
};
const privateKey = `-----BEGIN ${'PRIVATE'} KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKj\n-----END ${'PRIVATE'} KEY-----`;

const whole = (kind: string, texts: string[], name?: string): Sample[] =>
  texts.map((text) => ({ class: kind, text, secret: text, ...(name === undefined ? {} : { name }) }));
const inside = (kind: string, pairs: [text: string, secret: string][]): Sample[] =>
  pairs.map(([text, secret]) => ({ class: kind, text, secret }));
const named = (kind: string, pairs: [name: string, text: string][]): Sample[] =>
  pairs.map(([name, text]) => ({ class: kind, name, text, secret: text }));

/** What must be hidden. */
export const sensitive: Sample[] = [
  ...inside('email', [
    ['ada@example.com', 'ada@example.com'],
    ['mail grace.hopper+navy@sub-domain.example-site.co.uk now', 'grace.hopper+navy@sub-domain.example-site.co.uk'],
    ['<linus@kernel.org>', 'linus@kernel.org'],
    ['to=ada%40example.com&x=1', 'ada%40example.com'],
    ['{"to":"a.turing@bletchley.uk"}', 'a.turing@bletchley.uk'],
    ['müller@beispiel.de', 'müller@beispiel.de'],
    ['mailto:o_connor@mail.example.ie', 'o_connor@mail.example.ie'],
    ['user ada@example.com, not found', 'ada@example.com'],
  ]),
  ...inside('card', [
    ['4111111111111111', '4111111111111111'],
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['card 5500-0000-0000-0004 declined', '5500-0000-0000-0004'],
    ['amex 378282246310005.', '378282246310005'],
    ['6011111111111117', '6011111111111117'],
    ['{"pan":"3530111333300000"}', '3530111333300000'],
    ['diners 30569309025904', '30569309025904'],
    ['2223003122003222', '2223003122003222'],
  ]),
  ...inside('iban', [
    ['DE89370400440532013000', 'DE89370400440532013000'],
    ['pay to GB29 NWBK 6016 1331 9268 19 today', 'GB29 NWBK 6016 1331 9268 19'],
    ['FR1420041010050500013M02606', 'FR1420041010050500013M02606'],
    ['NL91ABNA0417164300', 'NL91ABNA0417164300'],
    ['ch9300762011623852957', 'ch9300762011623852957'],
  ]),
  ...inside('ssn', [
    ['536-22-8765', '536-22-8765'],
    ['SSN: 536-22-8765', '536-22-8765'],
    ['ssn 536 22 8765', '536 22 8765'],
    ['applicant 219-09-9990 approved', '219-09-9990'],
  ]),
  ...inside('phone', [
    ['+49 170 1234567', '+49 170 1234567'],
    ['+14155552671', '+14155552671'],
    ['call (415) 555-2671 now', '(415) 555-2671'],
    ['415-555-2671', '415-555-2671'],
    ['tel: 0301234567', '0301234567'],
    ['+44 20 7946 0958', '+44 20 7946 0958'],
    ['phone 030/1234567', '030/1234567'],
    ['+33 (0)1 42 68 53 00', '42 68 53 00'],
  ]),
  ...inside('public-ip', [
    ['8.8.8.8', '8.8.8.8'],
    ['client 203.0.113.77 connected', '203.0.113.77'],
    ['http://93.184.216.34/x', '93.184.216.34'],
    ['2001:4860:4860::8888', '2001:4860:4860::8888'],
    ['[2606:2800:220:1:248:1893:25c8:1946]:443', '2606:2800:220:1:248:1893:25c8:1946'],
  ]),
  ...inside('mac', [
    ['00:1b:44:11:3a:b7', '00:1b:44:11:3a:b7'],
    ['00-1B-44-11-3A-B7', '00-1B-44-11-3A-B7'],
    ['mac 001b.4411.3ab7 up', '001b.4411.3ab7'],
  ]),
  ...inside('jwt', [
    [jwtSample, jwtSample],
    [`token ${jwtSample} expired`, jwtSample],
    [`{"t":"${jwtSample}"}`, jwtSample],
    [`/cb#id_token=${jwtSample}`, jwtSample],
  ]),
  ...inside(
    'vendor-token',
    Object.values(tokens).flatMap((token): [string, string][] => [
      [token, token],
      [`failed with ${token}, retrying`, token],
    ]),
  ),
  ...inside('pem', [
    [privateKey, 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'],
    [privateKey.slice(0, 80), 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCB'],
    [JSON.stringify(privateKey), 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7'],
  ]),
  ...inside('authorization', [
    [`Bearer ${body}`, body],
    [`authorization: Bearer ${body}`, body],
    [`Basic ${base64('ada:hunter2secret')}`, base64('ada:hunter2secret')],
    [`curl -H "Authorization: Token ${body}"`, body],
    [`proxy-authorization: Basic ${base64('u:correcthorse')}`, base64('u:correcthorse')],
  ]),
  ...inside('secret-in-text', [
    ['password=hunter2', 'hunter2'],
    ['login failed for ada, password: tr0ub4dor&3', 'tr0ub4dor'],
    ['{"user":"ada","password":"correct horse"}', 'correct horse'],
    ['{"user":"ada","password":"correct hor', 'correct hor'],
    ['{\\"apiKey\\":\\"zxcvbnm123\\"}', 'zxcvbnm123'],
    ["config = { clientSecret: 'abc-def-ghi' }", 'abc-def-ghi'],
    ['DB_PASSWORD=s3cr3t!pw', 's3cr3t!pw'],
    ['x-api-key: 9f8e7d6c5b4a', '9f8e7d6c5b4a'],
    ['run --password hunter2 --verbose', 'hunter2'],
    ['the password is hunter2', 'hunter2'],
    ['API key: abcd-1234-efgh', 'abcd-1234-efgh'],
    ['Set-Cookie: sid=s%3Aabcdef.ghij; Path=/', 's%3Aabcdef.ghij'],
    ['Cookie: session=abc123def456; theme=dark', 'abc123def456'],
    ['user=ada&access_token=ya12345678&x=1', 'ya12345678'],
    ['Server=db;User Id=sa;Password=Pa55w.rd;', 'Pa55w.rd'],
    ['cvv: 123', '123'],
    ['otp=482913', '482913'],
  ]),
  ...inside('connection-string', [
    ['postgres://app:s3cr3t@db:5432/shop', 's3cr3t'],
    ['mongodb+srv://root:p%40ss@cluster0.mongodb.net/db', 'p%40ss'],
    ['redis://:verysecret@cache:6379', 'verysecret'],
    ['amqp://guest:gu3st-pw@mq/%2f', 'gu3st-pw'],
    ['https://ada:pa/ss@example.org/x', 'pa/ss'],
  ]),
  ...inside('url-secret', [
    ['https://x.io/f?sig=dGhpc2lzYXNpZw&e=1', 'dGhpc2lzYXNpZw'],
    [
      'https://s3.amazonaws.com/b/k?X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024',
      'fe5f80f77d5fa3beca038a248ff027d0',
    ],
    ['https://app/cb?code=4/0AeanS0Zx9qBvT1rK&state=xyz', '4/0AeanS0Zx9qBvT1rK'],
    ['https://x.io/reset?token=1f2e3d4c5b6a', '1f2e3d4c5b6a'],
    ['/login?next=%2Fcb%3Faccess_token%3D1f2e3d4c5b6a', '1f2e3d4c5b6a'],
  ]),
  ...inside('encoded', [
    [base64('{"password":"hunter2"}'), base64('{"password":"hunter2"}')],
    [`data ${base64('contact ada@example.com please')}`, base64('contact ada@example.com please')],
    [base64(`key ${tokens.stripe}`), base64(`key ${tokens.stripe}`)],
  ]),
  ...whole('entropy', [`${body}`, 'kR7vLx2QmZ9pT4wYbN6sHd3FgJ8cXaEu', `${body.slice(0, 20)}/${body.slice(20)}==`]),
  ...named('secret-by-name', [
    ['password', 'hunter2'],
    ['userPassword', 'correct horse battery staple'],
    ['DB_PASS', 'abc'],
    ['apiKey', 'k-123'],
    ['X-Api-Key', 'zzz'],
    ['clientSecret', 'shhh'],
    ['access_token', 'opaque'],
    ['refreshToken', 'r1'],
    ['authorization', 'whatever it is'],
    ['cookie', 'a=b'],
    ['sessionId', 's-1'],
    ['privateKey', 'pk'],
    ['passphrase', 'open sesame'],
    ['pin', '4711'],
    ['cvv', '123'],
    ['otp', '482913'],
    ['connectionString', 'Server=x'],
    ['csrfToken', 'c1'],
    ['secretAccessKey', 'sak'],
    ['webhookSecret', 'whs'],
    ['recoveryCodes', 'aaa bbb'],
    ['encryption_key', '00ff'],
    ['credentials', 'u/p'],
    ['dbpassword', 'x9'],
  ]),
  ...named('personal-by-name', [
    ['email', 'not quite an address'],
    ['phoneNumber', '123'],
    ['ssn', '123456789'],
    ['dateOfBirth', '1815-12-10'],
    ['firstName', 'Ada'],
    ['last_name', 'Lovelace'],
    ['streetAddress', 'St James Square 12'],
    ['passportNumber', 'C01X00T47'],
    ['taxId', '12/345/67890'],
    ['iban', 'unreadable'],
    ['accountNumber', '12345678'],
    ['cardNumber', '1234'],
  ]),
  ...inside('street-address', [
    ['Please deliver to 12 Main Street before noon', '12 Main Street'],
    ['She lives at 742 Evergreen Avenue in Springfield', '742 Evergreen Avenue'],
    ['Send it to PO Box 1234 as always please', 'PO Box 1234'],
    ['The parcel for 10 Downing Street was returned', '10 Downing Street'],
  ]),
  ...inside('person-name', [
    ['Dear John Smith, your order has shipped', 'John Smith'],
    ['Customer Mary Johnson called about the invoice', 'Mary Johnson'],
    ['The refund for Robert Brown was rejected', 'Robert Brown'],
    ['Please contact Linda Davis about the delivery', 'Linda Davis'],
    ['Mr. Wilson asked for a refund', 'Wilson'],
  ]),
  ...inside(
    'other-notation',
    Object.values(notations).flatMap(({ secrets }) =>
      secrets.flatMap(([text, ...told]) => told.map((secret): [string, string] => [text, secret])),
    ),
  ),
];

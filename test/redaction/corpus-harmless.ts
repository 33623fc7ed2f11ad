import type { CaptureData } from '../../src/protocol/frames.ts';
import { captureOf, object } from './capture-data.ts';
import { between, type Chance, digits, hex, lower, mixed, pick, run, upper } from './corpus-values.ts';

/** One harmless value, which has to come back as it was. */
export interface HarmlessCase {
  kind: string;
  capture: CaptureData;
}

const two = (chance: Chance, from: number, to: number): string => String(between(chance, from, to)).padStart(2, '0');
const day = (chance: Chance): string => `20${two(chance, 15, 29)}-${two(chance, 1, 12)}-${two(chance, 1, 28)}`;
const clock = (chance: Chance): string => `${two(chance, 0, 23)}:${two(chance, 0, 59)}:${two(chance, 0, 59)}`;
const version = (chance: Chance): string => `${between(chance, 0, 30)}.${between(chance, 0, 40)}.${between(chance, 0, 20)}`;
const uuid = (chance: Chance): string => [8, 4, 4, 4, 12].map((length) => run(chance, hex, length)).join('-');
const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const words =
  'checkout order cart basket discount shipping price item stock retry queue worker cache page row table index user'.split(' ');
const places = ['src/checkout.ts', 'lib/router/layer.js', '/srv/app/dist/orders/total.js', 'node_modules/koa/lib/application.js'];
const adjectives = ['blue', 'large', 'gold', 'early', 'free', 'open', 'late', 'spare', 'stale', 'green'];
const word = (chance: Chance): string => pick(chance, words);
const name = (chance: Chance): string =>
  `${word(chance)}${pick(chance, ['Id', 'Total', 'List', 'Row', 'State', 'Limit', 'Service'])}`;
const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const inner = (chance: Chance): string => `10.${between(chance, 0, 255)}.${between(chance, 0, 255)}.${between(chance, 1, 254)}`;
const amount = (chance: Chance): string => (between(chance, 100, 999_999) / 100).toFixed(2);

/** Of each kind, ways to make one. Everything here is made up by its grammar. */
const kinds: Readonly<Record<string, readonly ((chance: Chance) => string)[]>> = {
  ids: [
    (chance) => `order-${run(chance, digits, 7)}`,
    (chance) => `ORD-20${two(chance, 15, 29)}-${run(chance, digits, 6)}`,
    (chance) => `cus_${mixed(chance, 14)}`,
    (chance) => `act_${mixed(chance, 22)}`,
    (chance) => run(chance, '0123456789ABCDEFGHJKMNPQRSTVWXYZ', 26),
    (chance) => `${run(chance, lower + digits, 10)}-${run(chance, lower + digits, 5)}`,
    (chance) => `INV/${between(chance, 2015, 2029)}/${run(chance, digits, 5)}`,
  ],
  'UUIDs and hashes': [
    uuid,
    (chance) => uuid(chance).toUpperCase(),
    (chance) => run(chance, hex, 40),
    (chance) => run(chance, hex, 64),
    (chance) => run(chance, hex, 32),
    (chance) => run(chance, hex, 7),
    (chance) => `sha512-${Buffer.from(run(chance, lower, 64)).toString('base64')}`,
    (chance) => `sha512-${mixed(chance, 86)}==`,
    (chance) => `sha256:${run(chance, hex, 64)}`,
    (chance) => `W/"${run(chance, hex, 4)}-${mixed(chance, 27)}"`,
  ],
  timestamps: [
    (chance) => `${day(chance)}T${clock(chance)}.${run(chance, digits, 3)}Z`,
    (chance) => `${day(chance)} ${clock(chance)},${run(chance, digits, 3)}`,
    (chance) => `${day(chance)}T${clock(chance)}+0${between(chance, 0, 9)}:00`,
    (chance) => `1${between(chance, 5, 7)}${run(chance, digits, 11)}`,
    (chance) => `1${between(chance, 5, 7)}${run(chance, digits, 8)}`,
    (chance) =>
      `${pick(chance, days)}, ${two(chance, 1, 28)} ${pick(chance, month)} 20${two(chance, 15, 29)} ${clock(chance)} GMT`,
    (chance) => `${two(chance, 1, 28)}/${pick(chance, month)}/20${two(chance, 15, 29)}:${clock(chance)} +0000`,
    (chance) => `${day(chance).replaceAll('-', '')}${clock(chance).replaceAll(':', '')}`,
    (chance) => `${between(chance, 1, 12)}/${between(chance, 1, 28)}/${between(chance, 2015, 2029)}`,
    (chance) => `PT${between(chance, 1, 59)}M${between(chance, 1, 59)}S`,
  ],
  'numbers and prices': [
    (chance) => String(between(chance, 0, 9_999_999)),
    (chance) => String(chance() * 1000),
    (chance) => `-${chance()}`,
    (chance) => `$${between(chance, 1, 9)},${run(chance, digits, 3)}.${run(chance, digits, 2)}`,
    (chance) => `${amount(chance)} EUR`,
    (chance) => `${between(chance, 1, 100)}%`,
    (chance) => `${between(chance, 1, 999)}ms`,
    (chance) => `${between(chance, 1, 60)}.${run(chance, digits, 6)}`,
    (chance) => `${run(chance, '123456789', 1)}.${run(chance, digits, 2)}e+${between(chance, 10, 30)}`,
    (chance) => `${between(chance, 100, 999)} ${between(chance, 100, 999)} ${between(chance, 100, 999)}`,
    (chance) => `0x${run(chance, hex, 8)}`,
    (chance) => `${between(chance, 1, 4)}/${between(chance, 5, 9)}`,
  ],
  'versions and packages': [
    version,
    (chance) => `v${version(chance)}-beta.${between(chance, 1, 9)}`,
    (chance) => `^${version(chance)}`,
    (chance) => `${word(chance)}-${word(chance)}@${version(chance)}`,
    (chance) => `@${word(chance)}/${word(chance)}-kit@${version(chance)}`,
    (chance) => `/node_modules/.pnpm/${word(chance)}@${version(chance)}/node_modules/${word(chance)}/index.js`,
    (chance) => `Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/${between(chance, 60, 140)}.0`,
    (chance) => `registry.example/${word(chance)}:${version(chance)}`,
  ],
  'addresses of services': [
    (chance) => `http://localhost:${between(chance, 1024, 65535)}/${word(chance)}/${between(chance, 1, 9999)}`,
    (chance) => `https://shop.example/${word(chance)}?page=${between(chance, 1, 99)}&limit=50&sort=-${word(chance)}`,
    (chance) => `/api/v${between(chance, 1, 4)}/${word(chance)}s/${uuid(chance)}`,
    (chance) => `${inner(chance)}:${between(chance, 1024, 65535)}`,
    (chance) => `postgres://db-${between(chance, 1, 9)}:5432/${word(chance)}`,
    (chance) => `s3://${word(chance)}-bucket/${day(chance)}/${uuid(chance)}.parquet`,
    (chance) => `git@git.example:${word(chance)}/${word(chance)}.git`,
    (chance) => `kafka-${between(chance, 1, 9)}.internal:9092`,
    (chance) => `file:///app/${pick(chance, places)}`,
    (chance) => `https://cdn.example/${word(chance)}@${between(chance, 2, 3)}x.png`,
  ],
  'stack traces': [
    (chance) => `    at ${name(chance)} (${pick(chance, places)}:${between(chance, 1, 900)}:${between(chance, 1, 90)})`,
    (chance) =>
      `TypeError: Cannot read properties of undefined (reading '${word(chance)}')\n    at async ${name(chance)} (${pick(chance, places)}:${between(chance, 1, 900)}:9)`,
    (chance) => `Error: ENOENT: no such file or directory, open '/var/lib/${word(chance)}/${run(chance, hex, 12)}.json'`,
    (chance) => `at ${word(chance)}.${word(chance)} [as handle] (node:internal/process/task_queues:${between(chance, 1, 200)}:5)`,
  ],
  logs: [
    (chance) =>
      `${inner(chance)} - - [${two(chance, 1, 28)}/${pick(chance, month)}/2026:${clock(chance)} +0000] "GET /${word(chance)}/${between(chance, 1, 9999)} HTTP/1.1" 200 ${between(chance, 10, 99999)} "-" "curl/8.${between(chance, 0, 9)}.0"`,
    (chance) =>
      `{"level":30,"time":1${run(chance, '5678', 1)}${run(chance, digits, 11)},"pid":${between(chance, 1, 65535)},"hostname":"web-${between(chance, 1, 99)}","reqId":"req-${run(chance, lower + digits, 4)}","msg":"request completed","responseTime":${chance() * 100}}`,
    (chance) =>
      `${day(chance)} ${clock(chance)}.${run(chance, digits, 3)} UTC [${between(chance, 1, 65535)}] LOG:  duration: ${amount(chance)} ms  statement: SELECT count(*) FROM ${word(chance)}s`,
    (chance) =>
      `I${two(chance, 1, 12)}${two(chance, 1, 28)} ${clock(chance)}.${run(chance, digits, 6)}       1 reconciler.go:${between(chance, 1, 999)}] "Volume attached" pod="default/${word(chance)}-${run(chance, lower + digits, 9)}-${run(chance, lower, 5)}"`,
    (chance) =>
      `level=info ts=${day(chance)}T${clock(chance)}Z caller=main.go:${between(chance, 1, 999)} msg="${word(chance)} done" took=${between(chance, 1, 999)}ms`,
    (chance) =>
      `retry ${between(chance, 1, 5)} of 5 for ${word(chance)} ${between(chance, 1, 99999)} in ${between(chance, 1, 999)}ms`,
    (chance) =>
      `[${pick(chance, ['INFO', 'WARN', 'DEBUG'])}] ${word(chance)} ${between(chance, 1, 99999)} is ${pick(chance, adjectives)}, took ${amount(chance)}s`,
    (chance) =>
      `GET /${word(chance)}s/${between(chance, 1, 99999)} ${pick(chance, ['200', '304', '404', '500'])} ${amount(chance)} ms - ${between(chance, 10, 9999)}`,
  ],
  'words about secrets': [
    (chance) =>
      `the ${pick(chance, ['password', 'token', 'secret', 'session', 'api key'])} is ${pick(chance, ['invalid', 'expired', 'required', 'missing'])}`,
    (chance) => `${pick(chance, ['password', 'token', 'secret'])}: must be at least ${between(chance, 8, 32)} characters`,
    (chance) => `Unexpected token ${pick(chance, ['}', '<', ']'])} in JSON at position ${between(chance, 1, 999)}`,
    (chance) => `maxTokens=${between(chance, 100, 9999)}`,
    (chance) => `tokenCount: ${between(chance, 100, 9999)}`,
    (chance) => `token refreshed for ${word(chance)} ${between(chance, 1, 999)}`,
    (chance) => `hasPassword=${pick(chance, ['true', 'false'])}`,
    () => '401 Unauthorized: bearer token required',
  ],
  'source code': [
    (chance) =>
      `const ${name(chance)} = await ${word(chance)}.find({ id: ${between(chance, 1, 999)}, limit: ${between(chance, 1, 99)} });`,
    (chance) => `if (!${word(chance)}.password) throw new Error('missing');`,
    (chance) => `export function ${name(chance)}(${word(chance)}: string, token: string): Promise<void> {`,
    (chance) =>
      `SELECT id, ${word(chance)}, email FROM ${word(chance)}s WHERE id = $1 ORDER BY created_at DESC LIMIT ${between(chance, 1, 99)}`,
    (chance) =>
      `UPDATE ${word(chance)}s SET total = ${amount(chance)} WHERE id IN (${between(chance, 1, 99)}, ${between(chance, 1, 99)})`,
    (chance) => `import { ${name(chance)} } from '../${word(chance)}/${word(chance)}.ts';`,
    (chance) => `apiKey: process.env.${word(chance).toUpperCase()}_API_KEY,`,
    (chance) => `.${word(chance)}-${word(chance)} { color: #${run(chance, hex, 6)}; margin: 0 ${between(chance, 1, 40)}px; }`,
    (chance) =>
      `<div class="${word(chance)}" data-id="${between(chance, 1, 9999)}"><span>${pick(chance, adjectives)}</span></div>`,
    (chance) =>
      `<svg viewBox="0 0 24 24"><path d="M${between(chance, 1, 24)} ${amount(chance)}l-${amount(chance)} ${amount(chance)}z"/></svg>`,
    (chance) => `data:image/png;base64,${Buffer.from(mixed(chance, 90)).toString('base64')}`,
  ],
  'words and names': [
    (chance) => `${pick(chance, adjectives)} ${word(chance)}`,
    (chance) => `The ${pick(chance, adjectives)} ${word(chance)} will ship on ${pick(chance, ['Monday', 'Tuesday', 'Friday'])}`,
    (chance) =>
      `${pick(chance, ['Order', 'Payment', 'Item'])} ${pick(chance, ['was', 'is'])} ${pick(chance, ['declined', 'late', 'accepted'])} by the ${word(chance)} service`,
    (chance) => `${name(chance)}${name(chance).slice(0, 1).toUpperCase()}${name(chance).slice(1)}Factory`,
    (chance) => `${word(chance)}_${word(chance)}_${pick(chance, adjectives)}_${word(chance)}_rate`,
    (chance) => `${pick(chance, ['ORDER', 'CART', 'STOCK'])}_${pick(chance, ['CREATED', 'SHIPPED', 'EMPTY'])}`,
    (chance) =>
      pick(chance, ['New York', 'San Francisco', 'Europe/Berlin', 'us-east-1', 'en-US', 'application/json; charset=utf-8']),
    (chance) => `${pick(chance, ['Acme', 'Globex', 'Initech'])} ${pick(chance, ['Ltd', 'GmbH', 'Inc'])}`,
  ],
  'numbers that look like others': [
    (chance) => run(chance, '123456789', 10),
    (chance) => run(chance, '123456789', 12),
    (chance) => `${run(chance, '123456789', 3)}-${run(chance, digits, 3)}`,
    (chance) => `${run(chance, '123456789', 4)}-${run(chance, digits, 4)}-${run(chance, digits, 4)}`,
    (chance) => `${between(chance, 1, 9)}-${between(chance, 100, 999)}-${run(chance, digits, 5)}-${between(chance, 0, 9)}`,
    (chance) => `${between(chance, 1, 300)}x${between(chance, 1, 300)}x${between(chance, 1, 300)}`,
    (chance) => `${run(chance, upper, 2)}${run(chance, digits, 4)}${run(chance, upper, 2)}`,
    (chance) => `#${run(chance, hex, 6)}`,
    (chance) => `${run(chance, upper, 3)}-${run(chance, digits, 4)}`,
  ],
};

/** Names of fields under which harmless values are found. */
const fieldNames = ['note', 'id', 'ref', 'line', 'source', 'label', 'message', 'output', 'row', 'entry'];

/** Ways in which a program has such a text. */
const holders: readonly ((text: string, field: string, chance: Chance) => CaptureData)[] = [
  (text, field) => captureOf({ [field]: text }),
  (text, field) => captureOf({ row: object({ [field]: text, total: 12.5 }) }),
  (text, field) => captureOf({ body: JSON.stringify({ [field]: text, list: [text] }) }),
  (text, field) => captureOf({ list: { $: 'array', length: 2, elements: [field, text] } }),
  (text, field) => captureOf({ byKey: { $: 'map', size: 1, entries: [[field, text]] } }),
  (text) => captureOf({ error: { $: 'error', className: 'Error', message: text, fields: [] } }),
  (text, _, chance) => captureOf({ note: `${pick(chance, adjectives)} ${word(chance)}: ${text}` }),
  (text) => captureOf({}, { expressions: [{ expression: 'row.note', value: text }] }),
];

/** Harmless values; detectors are developed with them. */
export function developmentHarmless(chance: Chance): HarmlessCase[] {
  return Object.entries(kinds).flatMap(([kind, makers]) =>
    makers.flatMap((make) =>
      Array.from({ length: 17 }, (_, at) => ({
        kind,
        capture: (holders[at % holders.length] as (typeof holders)[number])(make(chance), pick(chance, fieldNames), chance),
      })),
    ),
  );
}

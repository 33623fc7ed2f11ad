// Uses packages that others wrote, and prints what they make of it.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const text = 'a: 1\nlist:\n  - &x {b: [1, 2, "three"]}\n  - *x\n# comment\ntext: |\n  many\n  lines\n';
const uses = {
  yaml: (yaml) => {
    const document = yaml.parseDocument(text);
    document.set('more', [1, { two: 2 }]);
    return [yaml.parse(text), String(document), yaml.parseDocument('a: [').errors.map(({ message }) => message)];
  },
  ajv: (ajv) => {
    const check = new ajv.default({ allErrors: true }).compile({
      type: 'object',
      properties: { a: { type: 'integer', minimum: 3 }, b: { enum: ['x', 'y'] } },
      required: ['a', 'c'],
    });
    return [check({ a: 1, b: 'z' }), check.errors, check({ a: 4, c: 1 })];
  },
  lodash: (_) => [_.template('<% _.each(list, (x) => { %><%- x %>;<% }) %>')({ list: ['<', 2] }), _.groupBy([1.2, 1.8, 2.1], Math.floor), _.merge({ a: [1, { b: 2 }] }, { a: [3, { c: 4 }] })],
  qs: (qs) => [qs.parse('a[b][c]=1&a[b][d][]=2&e=%20'), qs.stringify({ a: { b: [1, 2] }, c: null })],
  postcss: (postcss) => [postcss.parse('a { color: red; &:hover { b: c } } @media x { y { z: 1 } }').toString(), postcss().process('a{b:c}', { from: undefined }).css],
  zod: (zod) => {
    const shape = zod.object({ a: zod.string().min(2), b: zod.array(zod.number()).optional() });
    return [shape.safeParse({ a: 'x', b: ['1'] }).error?.issues, shape.parse({ a: 'xy', b: [1] })];
  },
  jose: async (jose) => {
    const key = new Uint8Array(32).fill(7);
    const token = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1).sign(key);
    return [token, (await jose.jwtVerify(token, key)).payload, await jose.jwtVerify(`${token}x`, key).catch((error) => error.code)];
  },
};
for (const [name, use] of Object.entries(uses)) {
  console.log(name, JSON.stringify(await use(require(name))));
}
// The same as ES modules, other files for most of them.
for (const name of ['yaml', 'zod', 'jose']) {
  const loaded = await import(name);
  console.log(name, JSON.stringify(await uses[name](loaded.parse || loaded.SignJWT ? loaded : loaded.default)));
}

import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Locate, Located, StateFrame } from '../../src/protocol/frames.ts';
import { bundle } from './compilers.ts';
import { type FakeConnection, framesOf, snapshot } from './fake-bridge.ts';
import { settings, test } from './link-world.ts';
import { nodes } from './nodes.ts';
import { marked, program } from './probe-program.ts';
import { until } from './until.ts';

/** Runs a bundle of two sources again and again, and loads another file when it is told to. */
const app = `
import { run } from './out/shop.mjs';
setInterval(run, 20);
process.stdin.on('data', () => import('./later.mjs'));
`;
const later = 'export function seldom(secret) {\n  return secret + 1;\n}\nsetInterval(() => seldom(1), 20);\n';

const price = { file: 'src/price.ts', line: marked(program('typed/price.ts'), 'price') };
const sum = { file: 'src/shop.ts', line: marked(program('typed/shop.ts'), 'sum') };
let folder: string;
/** The line of the bundle that `price` became. */
let generated: { file: string; line: number };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sidelight-denied-'));
  await cp(program('typed'), join(folder, 'src'), { recursive: true });
  const built = await bundle(folder, { sourcemap: 'linked' });
  const lines = (await readFile(built, 'utf8')).split('\n');
  generated = { file: 'out/shop.mjs', line: lines.findIndex((line) => line.includes('return price;')) + 1 };
  await writeFile(join(folder, 'app.mjs'), app);
  await writeFile(join(folder, 'later.mjs'), later);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function armed(connection: FakeConnection, where: { file: string; line: number }): Promise<Partial<StateFrame>> {
  const action = snapshot(`act_${where.file}_${connection.frames.length}`, where);
  connection.send({ t: 'arm', action });
  return until(() => framesOf(connection, 'state').find(({ id }) => id === action.id), `an answer for ${where.file}`);
}

async function located(connection: FakeConnection, query: Partial<Locate>): Promise<Located> {
  const q = `loc_${connection.frames.length}`;
  connection.send({ t: 'locate', q, limit: 20, ...query });
  return until(() => framesOf(connection, 'located').find((frame) => frame.q === q), 'the places');
}

describe.each(nodes())('on Node $major', ({ execPath }) => {
  test.for<[what: string, deny: string, refused: (keyof typeof places)[]]>([
    ['nothing is denied', '', []],
    ['a source of a bundle is denied', 'src/price.ts', ['price', 'generated']],
    ['what a bundle was made of is denied', 'src', ['price', 'generated', 'sum']],
    ['a bundle is denied', 'out/*.mjs', ['price', 'generated', 'sum']],
    ['all but one source are denied', '**, !src/shop.ts, !out/**', ['price', 'generated']],
  ])(
    'when %s, no probe is placed there and none of it is shown',
    async ([_what, deny, refused], { register, bridgeWith, start }) => {
      const bridge = await bridgeWith();
      start(execPath, ['--import', register, 'app.mjs'], settings(bridge, { SIDELIGHT_DENY_FILES: deny }), folder);
      const connection = await bridge.connection(0);
      for (const [name, where] of Object.entries({ ...places, generated })) {
        const isRefused = refused.includes(name as keyof typeof places);
        const state = await armed(connection, where);
        expect(state, name).toMatchObject(isRefused ? { state: 'failed', code: 'not-allowed' } : { state: 'armed' });
        if (isRefused) expect(state.message).toContain('SIDELIGHT_DENY_FILES');
      }
      const stack = `at priceOf (${join(folder, generated.file)}:${generated.line}:3)`;
      for (const query of [{ function: 'priceOf' }, { snippet: 'return price' }, { stackLine: stack }]) {
        const { places: found } = await located(connection, query);
        const files = found.map(({ file }) => file).filter((file) => /price\.ts$|shop\.mjs$/.test(file));
        if (refused.length > 0) expect(files, JSON.stringify(query)).toEqual([]);
        else expect(files, JSON.stringify(query)).not.toEqual([]);
      }
    },
  );

  test('an action that waited for a denied file is refused when the file is loaded', async ({ register, bridgeWith, start }) => {
    const bridge = await bridgeWith();
    const environment = settings(bridge, { SIDELIGHT_DENY_FILES: 'later.mjs' });
    const running = start(execPath, ['--import', register, 'app.mjs'], environment, folder);
    const connection = await bridge.connection(0);
    expect(await armed(connection, { file: 'later.mjs', line: 2 })).toMatchObject({ state: 'pending' });
    running.tell('load');
    const last = await until(() => framesOf(connection, 'state').find(({ state }) => state === 'failed'), 'the refusal');
    expect(last.code).toBe('not-allowed');
    expect(framesOf(connection, 'hit')).toEqual([]);
  });
});

const places = { price, sum, generated: { file: '', line: 0 } };

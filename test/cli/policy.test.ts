import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PolicyStatus } from '../../src/authorization/in-force.ts';
import { until } from '../helpers/program.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

const shipped = fileURLToPath(new URL('../../policies', import.meta.url));

let home: string;
let data: string;
let bridge: Serving;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'sidelight-policy-'));
  data = join(home, 'data');
  await cp(shipped, join(home, 'policies'), { recursive: true });
  bridge = await serving('serve', '--data', data, '--policies', join(home, 'policies'), '--no-watch-policies');
}, 60_000);

afterAll(async () => {
  await bridge?.stop();
  await rm(home, { recursive: true, force: true });
});

async function change(from: string, to: string): Promise<void> {
  const file = join(home, 'policies', 'redaction.yaml');
  const text = await readFile(file, 'utf8');
  expect(text).toContain(from);
  await writeFile(file, text.replace(from, to));
}

it('takes changed files when the operator or SIGHUP asks for it, and tells mistakes', async () => {
  const status = async () => JSON.parse((await sidelight('policy', 'status', '--data', data, '--json')).stdout) as PolicyStatus;
  const { hash } = await status();
  await change('\nprofile: debug', '\nprofile: strict');
  const reload = await sidelight('policy', 'reload', '--data', data);
  expect(reload).toMatchObject({ code: 0, stdout: expect.stringContaining('Changed: redaction.yaml.') });
  const strict = (await status()).hash;
  expect(strict).not.toBe(hash);

  await change('\nprofile: strict', '\nprofile: off');
  const refused = await sidelight('policy', 'reload', '--data', data);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/redaction\.yaml:\d+:1: profile: /) });
  const told = await sidelight('policy', 'status', '--data', data);
  expect(told).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/The files were not taken[\s\S]*redaction\.yaml:\d+:1: /),
  });
  expect((await status()).hash).toBe(strict);

  await change('\nprofile: off', '\nprofile: debug');
  bridge.child.kill('SIGHUP');
  await until('the first files are in force again', async () => (await status()).hash === hash || undefined);
  expect((await status()).refused).toBeUndefined();
  expect(bridge.child.exitCode).toBeNull();
}, 60_000);

it('says that no bridge runs', async () => {
  const { code, stderr } = await sidelight('policy', 'reload', '--data', join(home, 'nowhere'));
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('No bridge runs on') });
});

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlacedRecord } from '../../src/audit/ledger.ts';
import { connectCaller } from '../flow/world.ts';
import { hasPostgres, postgresWorld, type World } from '../storage/engines.ts';
import { type Serving, serving, sidelight } from './sidelight.ts';

let directory: string;
let data: string;
let kept: string;
let running: Serving;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-audit-verify-'));
  data = join(directory, 'data');
  kept = join(directory, 'checkpoints.jsonl');
  running = await serving('serve', '--data', data, '--audit-checkpoints', `stdout,file://${kept}`);
  const caller = await connectCaller(running.first.mcpUrl, running.first.readKey ?? '');
  await caller.call('get_status');
  await caller.call('take_snapshot', { file: 'a.js', line: 1 });
  await caller.close();
}, 60_000);

afterAll(async () => {
  await running?.stop();
  await rm(directory, { recursive: true, force: true });
});

const audit = (...args: string[]) => sidelight('audit', ...args, '--data', data);
const search = async (...args: string[]) => JSON.parse((await audit('search', '--json', ...args)).stdout) as PlacedRecord[];

describe('sidelight audit', () => {
  it('searches by what happened, to whom and when', async () => {
    expect(await search('--tool', 'take_snapshot')).toMatchObject([{ decision: 'refused', reason: 'insufficient_scope' }]);
    expect(await search('--decision', 'allowed', '--event', 'tool_call')).toMatchObject([
      { tool: 'get_status', seq: expect.any(Number) },
    ]);
    expect(await search('--event', 'key_created', '--since', '1h')).toHaveLength(3);
    expect(await search('--until', '1h')).toEqual([]);
    expect(await search('--org', '-', '--event', 'policy_loaded')).toMatchObject([{ policyHash: expect.any(String) }]);
  });

  it('finds the trail of a running bridge right', async () => {
    const { code, stdout } = await audit('verify');
    expect(stdout).toMatch(
      /^\w{8} {2}\d+ records, 1 to \d+, the last \d+ not signed yet {2}right\nThe trail is as it was written\.\n$/,
    );
    expect(code).toBe(0);
  });

  it('exports what can be checked without the database, and records that it did', async () => {
    const out = join(directory, 'export.jsonl');
    expect(await audit('export', '--out', out)).toMatchObject({ code: 0, stdout: expect.stringContaining('records are in') });
    expect(await search('--org', '-', '--event', 'audit_exported')).toHaveLength(1);
    const text = await readFile(out, 'utf8');
    expect(text).toContain('"event":"audit_exported"');
    expect(text).not.toContain((running.first.fullKey ?? '').slice(4));
    expect(await audit('verify', '--file', out)).toMatchObject({ code: 0 });

    const pem = join(directory, 'key.pem');
    await writeFile(pem, (await audit('key')).stdout);
    expect(await sidelight('audit', 'verify', '--file', out, '--key', pem)).toMatchObject({ code: 0 });

    await writeFile(out, text.replace('"decision":"refused"', '"decision":"allowed"'));
    const altered = await audit('verify', '--file', out);
    expect(altered.code).toBe(1);
    expect(altered.stdout).toMatch(/ \d+ edited: /);
    expect(await sidelight('audit', 'verify', '--file', out, '--key', pem)).toMatchObject({ code: 1 });
  });

  it.each([
    { args: ['search', '--since', 'yesterday'] },
    { args: ['search', '--checkpoints', 'x'] },
    { args: ['verify', '--limit', '5'] },
    { args: ['verify', '--checkpoints', '/nowhere/at/all'] },
    { args: ['export'] },
    { args: ['key', 'private'] },
  ])('is called wrongly with $args', async ({ args }) => expect(await audit(...args)).toMatchObject({ code: 2, stdout: '' }));

  it('does not write an export over a file', async () => {
    const there = join(directory, 'there');
    await writeFile(there, 'mine');
    expect(await audit('export', '--out', there)).toMatchObject({ code: 2 });
    expect(await readFile(there, 'utf8')).toBe('mine');
  });
});

describe('sidelight audit, after the bridge has stopped', () => {
  beforeAll(() => running.stop());

  it('compares the trail with the checkpoints that went elsewhere', async () => {
    expect((await readFile(kept, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
    const { code, stdout } = await audit('verify', '--checkpoints', kept);
    expect(stdout).toContain('Compared with 1 checkpoints');
    expect(code).toBe(0);
  });

  it('is not content with a file that has no checkpoints', async () => {
    const empty = join(directory, 'empty');
    await writeFile(empty, 'a line of a log\n');
    expect(await audit('verify', '--checkpoints', empty)).toMatchObject({ code: 1 });
  });
});

describe.runIf(hasPostgres)('sidelight audit verify, over a database that somebody else can change', () => {
  let world: World;
  beforeAll(async () => {
    world = await postgresWorld();
  });
  afterAll(() => world.close());

  it('ends with 1 and the number of the record', async () => {
    const at = ['--data', join(directory, 'other'), '--database-url', world.url ?? ''];
    await (await serving('serve', ...at)).stop();
    expect(await sidelight('audit', 'verify', ...at)).toMatchObject({ code: 0 });
    await world.db.query('delete from audit where node_seq = 2');
    const { code, stdout } = await sidelight('audit', 'verify', '--json', ...at);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, findings: [{ seq: 2, kind: 'deleted' }] });
  }, 60_000);
});

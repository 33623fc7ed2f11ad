import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { clientsFolder, inspectorNode } from './install.ts';
import { expectSnapshot } from './snapshot.ts';
import { onTill } from './till.ts';

const inspector = join(clientsFolder, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

let node: string;
let folder: string;
beforeAll(async () => {
  node = inspectorNode();
  folder = await mkdtemp(join(tmpdir(), 'sidelight-inspector-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs the Inspector's command line against the bridge. */
function inspect(args: string[], key = inject('key')): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const where = ['--cli', inject('mcpUrl'), '--transport', 'http', '--header', `Authorization: Bearer ${key}`];
  const child = spawn(node, [inspector, ...where, ...args, '--format', 'json', '-q'], {
    cwd: folder,
    env: { ...process.env, HOME: folder, MCP_CATALOG_PATH: join(folder, 'catalog.json') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe.each(['legacy', 'modern'])('the Inspector in the %s era', (era) => {
  it('finds every schema portable, strictly', async () => {
    const { code, stdout, stderr } = await inspect(['--protocol-era', era, '--method', 'tools/list', '--strict']);
    expect({ code, said: code === 0 ? '' : stderr + stdout }).toEqual({ code: 0, said: '' });
    const { result, schemaFindings } = JSON.parse(stdout) as { result: { tools: { name: string }[] }; schemaFindings?: unknown };
    expect(schemaFindings).toBeUndefined(); // mere warnings do not change the exit code
    expect(result.tools.map((tool) => tool.name)).toContain('take_snapshot');
  });

  it('takes a snapshot and reads a value', async () => {
    const args = ['--tool-name', 'take_snapshot', '--tool-args-json', JSON.stringify(onTill)];
    const { code, stdout, stderr } = await inspect(['--protocol-era', era, '--method', 'tools/call', ...args]);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expectSnapshot((JSON.parse(stdout) as { result: { structuredContent: unknown } }).result.structuredContent);
  });
});

it('the Inspector tells by its exit code that a key is wrong', async () => {
  const { code } = await inspect(['--method', 'tools/list'], 'slk_wrong');
  expect(code).toBe(3);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../lib/refusal.ts';
import type { AgentRecord } from '../targets/agent.ts';

/** Service name of the sample shop. */
export const shopService = 'shop';
const shopFile = 'src/checkout.ts';
/** Time the shop has to start and be known to the bridge. */
const startMs = 20_000;
/** Time it has to end by itself. */
const stopMs = 3_000;

/** The sample shop while it runs. */
export interface Shop {
  /** A line of it that runs at least once a second. */
  program: { service: string; file: string; line: number };
  describe(): string;
  stop(): Promise<void>;
}

interface ShopStart {
  /** The file to give to `node --import`. */
  agent: string;
  agentUrl: string;
  key: string;
  connected(): Promise<AgentRecord[]>;
}

/** Starts the shop with the agent and waits until the bridge knows it. */
export async function startShop({ agent, agentUrl, key, connected }: ShopStart): Promise<Shop> {
  const root = fileURLToPath(new URL('../../examples/shop/', import.meta.url));
  const main = `${root}dist/main.js`;
  if (!existsSync(main)) {
    throw new Refusal({
      code: 'not_found',
      message: `The sample shop is not built: ${main} is missing.`,
      next: 'Run npm run build.',
    });
  }
  const line = markedLine(await readFile(`${root}${shopFile}`, 'utf8'));
  const child = spawn(process.execPath, ['--enable-source-maps', '--import', agent, main], {
    cwd: root,
    // The channel carries no messages: the shop ends when it closes, also when this process is killed.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PORT: '0',
      SIDELIGHT_URL: agentUrl,
      SIDELIGHT_KEY: key,
      SIDELIGHT_SERVICE: shopService,
      SIDELIGHT_ENVIRONMENT: 'demo',
    },
  });
  const stop = () => end(child);
  try {
    const url = await shopUrl(child);
    await known(connected, child.pid);
    const program = { service: shopService, file: shopFile, line };
    return { program, stop, describe: () => describe(url, program) };
  } catch (problem) {
    await stop();
    throw problem;
  }
}

function markedLine(source: string): number {
  const index = source.split('\n').findIndex((line) => line.includes('// <- here'));
  if (index < 0) throw new Error(`${shopFile} of the sample shop has no marked line.`);
  return index + 1;
}

/** The shop's own first line tells its address; whatever it prints later is read and dropped, so that it never blocks. */
function shopUrl(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let told = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      if (told.length > 10_000) return;
      told += chunk.toString();
      const line = told.split('\n').find((each) => each.startsWith('{"shop"') && each.endsWith('}'));
      if (line !== undefined) done((JSON.parse(line) as { shop: string }).shop);
    });
    child.once('exit', (code) => {
      fail(
        new Refusal({
          code: 'unavailable',
          message: `The sample shop did not start (exit code ${code}).`,
          next: 'Its own messages are above.',
        }),
      );
    });
  });
}

async function known(connected: () => Promise<AgentRecord[]>, pid: number | undefined): Promise<void> {
  const until = performance.now() + startMs;
  while (performance.now() < until) {
    if ((await connected()).some((agent) => agent.connected && agent.pid === pid)) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Refusal({
    code: 'unavailable',
    message: 'The agent in the sample shop did not connect.',
    next: 'Set SIDELIGHT_AGENT_LOG=debug to see why.',
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), stopMs);
  await ended;
  clearTimeout(kill);
}

function describe(url: string, { service, file, line }: Shop['program']): string {
  return [
    `The sample shop runs at ${url} as service "${service}", with traffic of its own. Some of its orders cost the wrong amount.`,
    `Ask your assistant, for example: "Take a snapshot in the service ${service} at ${file} line ${line} and tell me what the order holds."`,
    'Ctrl-C ends both.',
    '',
  ].join('\n');
}

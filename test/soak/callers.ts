import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../agents-sim/random.ts';
import type { clients, TestClient } from '../mcp/clients.ts';
import { type Asked, choose, requestOf } from './choose.ts';
import type { Counted } from './counted.ts';

/** What every caller has. */
export interface Calling {
  mcpUrl: string;
  fullKey: string;
  readKey: string;
  random: Random;
  counted: Counted;
  /** Handles that somebody got, the latest ones; of all callers. */
  known: string[];
  /** Between two calls, on average. */
  pauseMs: number;
  isOver(): boolean;
}

/** Each client connects anew after so many calls. */
const callsPerClient = 20;
/** A call answers within what it waits (at most 3 s) and this. */
const slackMs = 60_000;
const maxKnown = 50;

/** A real client of an SDK, which calls tools, and reads resources and prompts when it comes. */
export async function mcpCaller(calling: Calling, how: (typeof clients)[number]): Promise<void> {
  const { mcpUrl, fullKey, random, counted, isOver } = calling;
  while (!isOver()) {
    let client: TestClient | undefined;
    try {
      client = await how.connect(mcpUrl, fullKey);
      const { call } = client;
      await client.list();
      const { resources } = await client.resources();
      const uri = resources.length === 0 ? undefined : resources[random.integer(0, resources.length - 1)]?.uri;
      if (uri !== undefined) await read(client, uri, counted);
      await client.prompts();
      counted.note('client', 'connected');
      for (let calls = 0; calls < callsPerClient && !isOver(); calls += 1) {
        const asked = choose(random, calling.known);
        await settle(calling, asked, async () => {
          const { structuredContent } = await call(asked.tool, asked.args, { timeout: slackMs });
          return structuredContent;
        });
        await pause(calling);
      }
    } catch (problem) {
      counted.noteAmiss('client', String(problem));
      await pause(calling);
    } finally {
      await client?.close().catch((problem: unknown) => counted.noteAmiss('client', String(problem)));
    }
  }
}

/** An action that was listed may be deleted before it is read. */
async function read(client: TestClient, uri: string, counted: Counted): Promise<void> {
  const outcome = await client.read(uri).then(
    () => 'read',
    (problem: unknown) => {
      if (String(problem).includes('There is no action')) return 'not_found';
      throw problem;
    },
  );
  counted.note('resource', outcome);
}

/** A program that uses the HTTP API. */
export async function apiCaller(calling: Calling): Promise<void> {
  while (!calling.isOver()) {
    const asked = choose(calling.random, calling.known);
    const { method, path, body } = requestOf(asked);
    await settle(calling, asked, async () => {
      const answer = await ask(calling, path, { method, body, key: calling.fullKey, signal: AbortSignal.timeout(slackMs) });
      const said = (await answer.json()) as Record<string, unknown>;
      return answer.ok ? said : { error: said };
    });
    await pause(calling);
  }
}

/** A caller that goes away in the middle of a wait, its connection with it. */
export async function dropper(calling: Calling): Promise<void> {
  const { random, counted } = calling;
  while (!calling.isOver()) {
    const gone = new AbortController();
    const isMcp = random.chance(0.5);
    const asked: Asked = { ...choose(random, [], 'never'), expected: undefined };
    const args = { ...asked.args, waitSeconds: 20, timeoutSeconds: 30 };
    const timer = setTimeout(() => gone.abort(), random.integer(50, 800));
    const { method, path, body } = isMcp
      ? {
          ...{ method: 'POST', path: '/mcp' },
          body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: asked.tool, arguments: args } },
        }
      : requestOf({ ...asked, args });
    await ask(calling, path, { method, body, key: calling.fullKey, signal: gone.signal })
      .then((answer) => answer.text())
      .then(
        () => counted.note('drop', 'answered'),
        () => counted.note('drop', gone.signal.aborted ? 'gone' : 'broken'),
      );
    clearTimeout(timer);
    await pause(calling, 4);
  }
}

/** A caller that is always refused: no key, a wrong one, one with too few rights, no JSON. */
export async function refusedCaller(calling: Calling): Promise<void> {
  const { random, counted, readKey, fullKey } = calling;
  const snapshot = requestOf(choose(random, [], 'never'));
  const wrong = `${fullKey.slice(0, -4)}AAAA`;
  const ways = [
    { name: 'no key', ...snapshot, key: undefined, status: 401 },
    { name: 'wrong key', ...snapshot, key: wrong, status: 401 },
    { name: 'read key', ...snapshot, key: readKey, status: 403 },
    { name: 'no such place', method: 'GET', path: '/api/v1/nowhere', body: undefined, key: fullKey, status: 404 },
    { name: 'no JSON', method: 'POST', path: '/api/v1/snapshots', body: '{', key: fullKey, status: 400 },
  ];
  while (!calling.isOver()) {
    const way = ways[random.integer(0, ways.length - 1)] as (typeof ways)[number];
    const { name, method, path, body, key, status } = way;
    try {
      const answer = await ask(calling, path, { method, body, key, signal: AbortSignal.timeout(slackMs) });
      await answer.text();
      if (answer.status === status) counted.note(name, 'refused');
      else counted.noteAmiss(name, `${answer.status} instead of ${status}`);
    } catch (problem) {
      counted.noteAmiss(name, String(problem));
    }
    await pause(calling, 8);
  }
}

interface Request {
  method: string;
  body: unknown;
  key: string | undefined;
  signal: AbortSignal;
}

function ask({ mcpUrl }: Calling, path: string, { method, body, key, signal }: Request): Promise<Response> {
  return fetch(new URL(path, mcpUrl), {
    ...{ method, signal },
    headers: {
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      Accept: 'application/json, text/event-stream',
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
}

/** Counts how a call ended; that it was refused otherwise than expected, or broke, is amiss. */
async function settle(
  { counted, known, isOver }: Calling,
  { tool, name, expected }: Asked,
  call: () => Promise<unknown>,
): Promise<void> {
  try {
    const said = (await call()) as { actionId?: string; error?: { code?: string; message?: string } };
    const code = said.error?.code;
    if (code === undefined) counted.note(name, 'answered');
    else if (expected?.includes(code) === true) counted.note(name, code);
    else counted.noteAmiss(name, `${tool} ${JSON.stringify(said.error)}`);
    if (said.actionId !== undefined && !known.includes(said.actionId)) known.push(said.actionId);
    if (known.length > maxKnown) known.shift();
  } catch (problem) {
    const words = String(problem);
    const code = expected?.find((each) => words.includes(`"${each}"`));
    if (code !== undefined) counted.note(name, code);
    // Whoever is stopped with the load may be in the middle of a call.
    else if (!isOver()) counted.noteAmiss(name, words);
  }
}

function pause({ random, pauseMs }: Calling, times = 1): Promise<void> {
  return sleep(pauseMs * times * (0.5 + random.next()));
}

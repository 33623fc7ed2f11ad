import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { type Arm, connectLight } from './light-agent.ts';

/**
 * An agent that sends the first hit of what it is asked for again and again, 5 kB each, as fast as the bridge reads: `url key`. It is
 * somebody else's machine in real life, so it takes only what processor time the others leave.
 */
const [url = '', key = ''] = process.argv.slice(2);
/** What waits here shows that the bridge does not read. */
const maxBufferedBytes = 1_000_000;
const value = 'some words of a program '.repeat(200);
setPriority(constants.priority.PRIORITY_LOW);

async function flood(socket: WebSocket, { action: { id, rev, expressions = [] } }: Arm): Promise<void> {
  socket.send(JSON.stringify({ t: 'state', n: 1, id, rev, state: 'armed', hits: 0 }));
  const results = expressions.map((expression) => ({ expression, value }));
  const nothing = { stack: [], scopes: [], pauseMicros: 0, cut: [], redacted: {} };
  const capture = { ...nothing, at: { file: 'f', line: 1 }, expressions: results };
  process.stdout.write('flooding\n');
  for (let n = 2; socket.readyState === socket.OPEN; ) {
    while (socket.bufferedAmount < maxBufferedBytes) {
      socket.send(JSON.stringify({ t: 'hit', n, id, rev, hit: 1, ts: Date.now(), capture }));
      n += 1;
    }
    await sleep(5);
  }
  throw new Error('The bridge has hung up');
}

await connectLight({ url, key, service: 'flood' }, (socket, frame) => void flood(socket, frame));
process.stdout.write('connected\n');

import { randomBytes } from 'node:crypto';
import { describe, dial } from '../../agents-sim/hello.ts';
import { checkout } from '../../agents-sim/scenarios/checkout.ts';
import { BridgeTrust } from '../../src/agent/link/bridge-trust.ts';
import { newAgentId } from '../../src/agent/link/hello.ts';
import { Introduction } from '../../src/agent/link/introduction.ts';
import type { BridgeFrame } from '../../src/protocol/frames.ts';

/**
 * Agents that cost as little as a plain socket, so that what is measured is the bridge: `url key count`. They prove who they are
 * and answer each `arm`; they check no signature, which real agents do each on its own machine. Prints one line when all are in.
 */
const [url = '', key = '', count = '0'] = process.argv.slice(2);
const atOnce = 200;
const scenario = checkout();

function connect(): Promise<void> {
  const id = newAgentId();
  const introduction = new Introduction(describe(id, { url, key, scenario }), randomBytes(32), new BridgeTrust(undefined));
  const socket = dial(url, key);
  let n = 0;
  return new Promise((resolve, reject) => {
    socket.once('open', () => introduction.opened()).once('error', reject);
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as BridgeFrame;
      if (frame.t === 'challenge') socket.send(introduction.hello(frame.nonce, undefined) ?? '');
      else if (frame.t === 'error') reject(new Error(frame.message));
      else if (frame.t === 'welcome') resolve();
      else if (frame.t === 'arm') {
        n += 1;
        socket.send(JSON.stringify({ t: 'state', n, id: frame.action.id, rev: frame.action.rev, state: 'armed', hits: 0 }));
      }
    });
  });
}

for (let from = 0; from < Number(count); from += atOnce) {
  await Promise.all(Array.from({ length: Math.min(atOnce, Number(count) - from) }, connect));
}
process.stdout.write(`${count} connected\n`);

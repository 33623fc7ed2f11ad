import { connectLight } from './light-agent.ts';

/**
 * So many agents that cost as little as a plain socket, so that what is measured is the bridge: `url key count`. They answer each `arm`
 * and check no signature, which real agents do each on its own machine. Prints one line when all are in.
 */
const [url = '', key = '', count = '0'] = process.argv.slice(2);
const atOnce = 200;

async function connect(): Promise<void> {
  let n = 0;
  await connectLight({ url, key }, (socket, { action }) => {
    n += 1;
    socket.send(JSON.stringify({ t: 'state', n, id: action.id, rev: action.rev, state: 'armed', hits: 0 }));
  });
}

for (let from = 0; from < Number(count); from += atOnce) {
  await Promise.all(Array.from({ length: Math.min(atOnce, Number(count) - from) }, connect));
}
process.stdout.write(`${count} connected\n`);

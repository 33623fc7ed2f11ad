import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { connectLight } from './light-agent.ts';

/**
 * 50 agents that hang up as soon as they are welcomed and come again as others, as programs do that end at once and are started again:
 * `url key`. They are somebody else's machines in real life, so they take only what processor time the others leave.
 */
const [url = '', key = ''] = process.argv.slice(2);
const atOnce = 50;
setPriority(constants.priority.PRIORITY_LOW);

async function comeAndGo(): Promise<void> {
  for (;;) {
    const socket = await connectLight({ url, key, service: 'restless' }, () => undefined).catch(() => undefined);
    if (socket === undefined) continue;
    socket.close();
    await once(socket, 'close');
  }
}

process.stdout.write('flooding\n');
await Promise.all(Array.from({ length: atOnce }, comeAndGo));

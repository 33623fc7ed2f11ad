import { WebSocket } from 'ws';

/** Plain WebSocket clients that answer each message with one of `answerBytes`: `url count answerBytes`. Prints one line when all are connected. */
const [url = '', count = '0', answerBytes = '0'] = process.argv.slice(2);
const answer = 'a'.repeat(Number(answerBytes));
const atOnce = 200;

for (let from = 0; from < Number(count); from += atOnce) {
  const some = Array.from({ length: Math.min(atOnce, Number(count) - from) }, () => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.on('message', () => socket.send(answer));
    return new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  });
  await Promise.all(some);
}
process.stdout.write(`${count} connected\n`);

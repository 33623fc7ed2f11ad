import { constants, setPriority } from 'node:os';
import { post } from '../post.ts';

/**
 * A caller who has 200 calls under way at any time and heeds no refusal: `url key body`. It is somebody else's machine in real life, so it
 * takes only what processor time the others leave.
 */
const [url = '', key = '', body = '{}'] = process.argv.slice(2);
const atOnce = 200;
setPriority(constants.priority.PRIORITY_LOW);

const callers = Array.from({ length: atOnce }, async () => {
  for (;;) await post(url, JSON.parse(body) as object, { Authorization: `Bearer ${key}` }).catch(() => undefined);
});
process.stdout.write('flooding\n');
await Promise.all(callers);

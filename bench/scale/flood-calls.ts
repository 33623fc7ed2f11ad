import { constants, setPriority } from 'node:os';
import { post } from '../post.ts';

/**
 * Callers who together have 200 calls under way at any time and heed no refusal: `url keys body headers`, with commas between their keys. They are
 * somebody else's machines in real life, so they take only what processor time the others leave.
 */
const [url = '', list = '', body = '{}', more = '{}'] = process.argv.slice(2);
const keys = list.split(',');
const atOnce = 200;
setPriority(constants.priority.PRIORITY_LOW);

const callers = Array.from({ length: atOnce }, async (_, turn) => {
  const headers = { ...(JSON.parse(more) as Record<string, string>), Authorization: `Bearer ${keys[turn % keys.length]}` };
  for (;;) await post(url, JSON.parse(body) as object, headers).catch(() => undefined);
});
process.stdout.write('flooding\n');
await Promise.all(callers);

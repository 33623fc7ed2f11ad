import { connectLight } from './light-agent.ts';

/**
 * An agent that gives as many hits as it is asked for, each with nearly as many values as one may have: `url key`. Prints a line when it is
 * in, and another when the hits are sent.
 */
const [url = '', key = ''] = process.argv.slice(2);
/** As in `limits`, less what is around them. */
const [objects, fields] = [30, 30];

const variablesOf = (hit: number) =>
  Array.from({ length: objects }, (_, at) => {
    const values = Array.from({ length: fields }, (_, field) => [
      `field${field}`,
      `some words of a program ${(hit * field) % 7}`,
    ]);
    return [`object${at}`, { $: 'object', fields: values }];
  });

await connectLight({ url, key, service: 'large' }, (socket, { action: { id, rev, limits } }) => {
  socket.send(JSON.stringify({ t: 'state', n: 1, id, rev, state: 'armed', hits: 0 }));
  for (let hit = 1; hit <= limits.hits; hit += 1) {
    const scopes = [{ kind: 'local', variables: variablesOf(hit) }];
    const capture = { at: { file: 'f', line: 1 }, stack: [], scopes, expressions: [], pauseMicros: 0, cut: [], redacted: {} };
    socket.send(JSON.stringify({ t: 'hit', n: 1 + hit, id, rev, hit, ts: Date.now(), capture }));
  }
});
process.stdout.write('connected\n');

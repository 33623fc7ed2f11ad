import { describe, expect } from 'vitest';
import type { Action, AgentPolicy, Engine } from '../../src/protocol/frames.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';
import { type FakeConnection, framesOf, snapshot } from './fake-bridge.ts';
import { test as linkTest, settings } from './link-world.ts';
import { nodes } from './nodes.ts';
import { marked } from './probe-program.ts';
import { program } from './run-program.ts';
import { until } from './until.ts';

const file = program('secret-places.cjs');
const where = { file: 'secret-places.cjs', line: marked(file) };
const policy: AgentPolicy = {
  names: toAgentRules(defaultRedactionPolicy),
  secrets: secretRules,
  pause: false,
  budget: { armMs: 5_000, share: 0.1 },
};
/** Says which lines stand there instead, the next ones, too. */
const moved = { ...where, expectLine: 'another();', around: { before: [], after: ['a();', 'b();'] } };
/** Pieces of what the program holds, shorter than any prefix or name that may be shown. */
const pieces = ['a8Fk2L', 'Hj0PsU', 'gr4nt', 'hunt3r', 's0urce', 'ab0ve', 'bel0w', 'c0py'];
const engines: { engine: Engine; environment: Record<string, string> }[] = [
  { engine: 'breakpoint', environment: { SIDELIGHT_ENGINES: 'breakpoint' } },
  { engine: 'live-edit', environment: { SIDELIGHT_ENGINES: 'live-edit' } },
  { engine: 'load-time', environment: { SIDELIGHT_ENGINES: 'load-time', SIDELIGHT_INSTRUMENT: '**/secret-places.cjs' } },
];

/** Everything that left the process. */
const raw = (connection: FakeConnection): string => JSON.stringify(connection.frames);

const ended = async (connection: FakeConnection, id: string) =>
  until(
    () => framesOf(connection, 'state').find((one) => one.id === id && (one.state === 'removed' || one.state === 'failed')),
    `the end of ${id}`,
  );

describe.concurrent.each(nodes())('Node $major', ({ execPath: node, major }) => {
  describe.each(engines.filter(({ engine }) => engine !== 'live-edit' || major < 24))('$engine', ({ engine, environment }) => {
    linkTest('no secret is in any frame, though the language was patched', async ({ bridgeWith, start, register }) => {
      const bridge = await bridgeWith({ welcome: { policy } });
      const running = start(node, ['--import', register, file], settings(bridge, environment));
      const connection = await bridge.connection(0);
      const log: Partial<Action> = {
        kind: 'logpoint',
        expressions: ['text', 'map', 'split'],
        log: { template: 'says {text} {map} {split}', level: 'info', perSecond: 10, toStdout: true },
      };
      connection.send({ t: 'arm', action: { ...snapshot('act_all', where), expressions: ['text', 'error', 'byName', 'json'] } });
      connection.send({ t: 'arm', action: { ...snapshot('act_log', where), ...log } });
      connection.send({ t: 'arm', action: { ...snapshot('act_moved', moved) } });
      connection.send({ t: 'locate', q: 'q1', snippet: 'const db', limit: 5 });
      expect(await ended(connection, 'act_all')).toMatchObject({ state: 'removed' });
      expect(await ended(connection, 'act_log')).toMatchObject({ state: 'removed', hits: 1 });
      const notThere = await ended(connection, 'act_moved');
      expect(notThere.message).toContain('[REDACTED:url-password]');
      expect(notThere.problem?.deployed).toEqual([
        expect.stringContaining('[REDACTED:url-password]'),
        '// GET /?access_token=[REDACTED:token]',
        '// GET /?access_token=[REDACTED:token]',
      ]);
      const located = await until(() => framesOf(connection, 'located')[0], 'the places');
      expect(located.places.map(({ text }) => text)).toEqual(Array(2).fill(expect.stringContaining('[REDACTED:url-password]')));
      const around = located.places.flatMap(({ before, after }) => [...before, ...after]);
      expect(around.filter((line) => line.includes('[REDACTED:token]'))).toHaveLength(5);
      await until(() => running.stdout().includes('says'), 'the line of the logpoint');

      const left = raw(connection) + running.stdout();
      for (const piece of pieces) expect(left, piece).not.toContain(piece);
      expect(running.stdout()).not.toContain('called');
      const hit = framesOf(connection, 'hit').find(({ id }) => id === 'act_all');
      expect(framesOf(connection, 'state').find(({ id, state }) => id === 'act_all' && state === 'armed')?.engine?.name).toBe(
        engine,
      );
      expect(hit?.capture.redacted).toMatchObject({
        'github-token': expect.any(Number),
        password: expect.any(Number),
        'url-password': 1,
      });
      expect(hit?.capture.at.text).toContain('postgres://till:[REDACTED:url-password]@db.example/till');
      const variables = new Map(hit?.capture.scopes.flatMap((scope) => scope.variables));
      expect(variables.get('text')).toBe('first [REDACTED:github-token], then');
      expect(variables.get('split')).toEqual({ $: 'string', text: `${'.'.repeat(240)} `, length: expect.any(Number) });
      expect(variables.get('symbol')).toEqual({ $: 'symbol', text: 'Symbol([REDACTED:github-token])' });
      expect(variables.get('json')).toContain('kept');
      expect(hit?.capture.stack.map((frame) => frame.function)).toContain('[REDACTED:github-token]');
    });
  });

  linkTest('every place of an action that has several is searched', async ({ bridgeWith, start, register }) => {
    const bridge = await bridgeWith({ welcome: { policy } });
    const copies = program('secret-copies.cjs');
    start(node, ['--import', register, copies], settings(bridge, { SIDELIGHT_ENGINES: 'breakpoint' }));
    const connection = await bridge.connection(0);
    connection.send({ t: 'arm', action: snapshot('act_copies', { file: 'secret-copies.cjs', line: marked(copies) }) });
    const told = await until(() => framesOf(connection, 'state').find(({ at }) => at?.length === 2), 'both places');
    for (const { text } of told.at ?? []) expect(text).toContain('till:[REDACTED:url-password]@db.example');
    expect(raw(connection)).not.toContain('s0urce');
  });

  linkTest('an agent that got no rules of secrets hides by name only', async ({ bridgeWith, start, register }) => {
    const bridge = await bridgeWith({ welcome: { policy: { names: policy.names, pause: false } } });
    start(node, ['--import', register, file], settings(bridge));
    const connection = await bridge.connection(0);
    connection.send({ t: 'arm', action: snapshot('act_all', where) });
    await ended(connection, 'act_all');
    expect(raw(connection)).toContain('a8Fk2L');
  });
});

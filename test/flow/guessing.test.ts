import { afterAll, beforeAll, expect, it } from 'vitest';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';
import { type Caller, connectCaller, startAgent } from './world.ts';

let bridge: TestBridge;
let agent: { stop(): Promise<void> };
let caller: Caller;
const place = { source: { service: 'sign-in' }, file: leakyFile, line: leakyLine, investigation: 'guessing', maxHits: 1 };

beforeAll(async () => {
  bridge = await startBridge();
  agent = await startAgent(bridge, { scenario: leaky(), passesPerSecond: 20 });
  caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
});

afterAll(async () => {
  await caller.close();
  await agent.stop();
  await bridge.close();
});

/** Right and wrong guesses in turn at the letters of the password inside `body`. */
const guesses = [...secrets.password].slice(0, 5).flatMap((_, at) => {
  const known = secrets.password.slice(0, at + 1);
  return [known, `${known}?`].map((guess) => `body.includes('word":"${guess}') ? 17 : -1`);
});

async function messageOf(template: string): Promise<string> {
  const { structured } = await caller.call('add_log', { ...place, template });
  const { messages } = structured as unknown as { messages: { message: string }[] };
  expect(messages, JSON.stringify(structured)).toHaveLength(1);
  return messages[0]?.message ?? '';
}

it('a snapshot does not spell a hidden secret out by answers about the text it stands in', async () => {
  const { structured } = await caller.call('take_snapshot', { ...place, expressions: guesses });
  expect(JSON.stringify(structured.hits[0]?.variables.body)).toContain('[REDACTED:password');
  expect(structured.hits[0]?.expressions.map(({ value }) => value)).toEqual(guesses.map(() => '[REDACTED:derived]'));
});

it('a log line does not either, with the text in it or without', async () => {
  const asked = guesses.slice(0, 6).map((guess) => `{${guess}}`);
  const hidden = Array(6).fill('[REDACTED:derived]').join(' ');
  expect(await messageOf(`${asked.join(' ')} {user.name}`)).toBe(`${hidden} Maria`);
  const message = await messageOf(`${asked.join(' ')} {body}`);
  expect(message).toContain(`${hidden} {"login":{"password":"[REDACTED:password#`);
});

it('values that a caller writes into a template get no tag to compare with those of the program', async () => {
  const message = await messageOf(
    `{{"password":"${secrets.password}"}} {{"password":"other-${secrets.password}"}} ssn ${secrets.ssn} {body}`,
  );
  expect(message.match(/\[REDACTED:(?:password|ssn)[^\]]*\]/g)).toEqual([
    '[REDACTED:password]',
    '[REDACTED:password]',
    '[REDACTED:ssn]',
    expect.stringMatching(/^\[REDACTED:password#[0-9a-f]{6}\]$/),
  ]);
});

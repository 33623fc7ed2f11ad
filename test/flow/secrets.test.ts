import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scenario } from '../../agents-sim/scenario.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbedded } from '../../src/storage/embedded.ts';
import { serving } from '../cli/sidelight.ts';
import { until } from '../helpers/program.ts';
import { connectCaller, startAgent } from './world.ts';

/** Everywhere a secret could have come out. */
const places: Record<string, string> = {};
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sidelight-secrets-'));
  const bridge = await serving('serve', '--data', directory, '--log-level', 'trace');
  const { mcpUrl, agentUrl, fullKey = '', readKey = '', enrolKey = '' } = bridge.first;
  const agent = await startAgent({ agentUrl, enrolKey }, { scenario: withoutPersonalNames(leaky()), passesPerSecond: 20 });
  const caller = await connectCaller(mcpUrl, fullKey);
  const answer = await caller.call('take_snapshot', {
    source: { service: 'sign-in' },
    file: leakyFile,
    line: leakyLine,
    condition: "user.name === 'Maria'",
    expressions: [
      'user.email',
      'user.password',
      'headers',
      'note',
      'body',
      'lines',
      'byToken',
      'failure',
      'cut',
      'headers.authorization.length',
    ],
    maxHits: 3,
  });
  const { actionId, hits } = answer.structured;
  expect(hits, JSON.stringify(answer.structured)).toHaveLength(3);
  places['the answer for machines'] = JSON.stringify(answer.structured);
  places['the answer for models'] = answer.text;
  const disguised = await caller.call('take_snapshot', {
    source: { service: 'sign-in' },
    file: leakyFile,
    line: leakyLine,
    expressions: [
      "'x' + user.email",
      "user['em' + 'ail']",
      "user['\\u0065mail']",
      "user.profile[user.name ? 'ssn' : 'phone']",
      "user.profile.phone + ' ' + user.name",
      "'x' + cut",
      "note + 'x'",
      'lines[1] + lines[2]',
      "user.email[0] + '' + user.email[1]",
      "null['x' + user.email]",
    ],
  });
  expect(disguised.structured.hits, JSON.stringify(disguised.structured)).toHaveLength(1);
  places['the answer with values in disguise'] = JSON.stringify(disguised);
  const reader = await connectCaller(mcpUrl, readKey);
  places['a later answer'] = JSON.stringify(await reader.call('wait_for_hits', { actionId }));
  places['the list of actions'] = JSON.stringify(await reader.call('list_actions'));
  places['the list of sources'] = JSON.stringify(await reader.call('list_sources'));
  await Promise.all([caller.close(), reader.close(), agent.stop()]);
  await until('the log tells of the agent', () => bridge.stderr().includes('agent disconnected') || undefined);
  await bridge.stop();
  places['the log'] = bridge.stderr();
  places['the rows'] = await rowsOf(directory);
  places['the files'] = await filesOf(directory);
}, 120_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

/**
 * Names of functions, files and variables are searched for secrets only, so that places stay readable: the scenario's
 * e-mail address in them is meant to be seen, and left out here.
 */
function withoutPersonalNames(scenario: Scenario): Scenario {
  return {
    ...scenario,
    next(random) {
      const pass = scenario.next(random);
      const scopes = pass.scopes.map(({ kind, values }) => {
        const { [secrets.email]: _named, ...others } = values;
        return { kind, values: others };
      });
      return { ...pass, callers: [], scopes };
    },
  };
}

/** Every row of every table as text. */
async function rowsOf(data: string): Promise<string> {
  const db = await openEmbedded({ directory: data, log: pino({ level: 'silent' }), clock: systemClock });
  try {
    const tables = await db.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    const texts = await Promise.all(
      tables.map(async ({ name }) => {
        const rows = await db.query<{ text: string }>(`select row_to_json(t)::text as text from "${name}" t`);
        return rows.map(({ text }) => `${name} ${text}`);
      }),
    );
    return texts.flat().join('\n');
  } finally {
    await db.close();
  }
}

/** The bytes of every file of the data directory, the database's log of changes included. */
async function filesOf(data: string): Promise<string> {
  const entries = await readdir(data, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
}

describe('a program full of personal data and secrets', () => {
  it('is read: what is harmless comes through, so that looking for the rest proves something', () => {
    expect(places['the answer for machines']).toContain('Maria');
    expect(places['the answer for machines']).toMatch(/\[REDACTED:[a-z-]+/);
    expect(places['the rows']).toMatch(/^hits .*Maria/m);
    expect(places['the log']).toContain('agent connected');
  });

  it.each(Object.keys(secrets) as (keyof typeof secrets)[])('keeps its %s to itself: in no answer, row, file or log', (kind) => {
    const secret = secrets[kind];
    const spellings = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      JSON.stringify(JSON.stringify(secret)).slice(3, -3),
      encodeURIComponent(secret),
    ];
    for (const [place, text] of Object.entries(places)) {
      for (const spelling of spellings) expect(text.includes(spelling), `${kind} in ${place}`).toBe(false);
    }
  });

  it('keeps the keys of callers and agents out of the log and out of the database', () => {
    for (const place of ['the log', 'the rows', 'the files', 'the answer for machines']) {
      expect(places[place], place).not.toMatch(/sl[ke]_[0-9A-Za-z]{8,}/);
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { Hub } from '../../src/hub/hub.ts';
import type { Action } from '../../src/protocol/frames.ts';
import { type Asking, createAnswering, createAsks, type Done } from '../../src/replicas/asks.ts';
import { createFarAgents } from '../../src/replicas/far-agents.ts';
import { type Note, readNote } from '../../src/replicas/notes.ts';
import { createTestClock } from '../helpers/clock.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const stays = async () => false;
const removal: Asking = {
  note: 'remove',
  ask: 'ask_1',
  from: 'rep_a',
  org: 'acme',
  agent: 'a',
  action: 'act_1',
  reason: 'limit',
};

describe('a question to another replica', () => {
  it('is sent again until it is answered, and the work is done once', async () => {
    const clock = createTestClock();
    const sent: Note[] = [];
    const asks = createAsks(clock, (_, note) => void sent.push(note));
    const answer = asks.ask('rep_b', removal, 6_000, stays);
    clock.advance(2_500);
    expect(sent).toEqual([removal, removal, removal]);
    let works = 0;
    const answers: Note[] = [];
    const answering = createAnswering(
      async () => {
        works += 1;
        return { refused: 'too_busy' };
      },
      (_, note) => void answers.push(note),
    );
    for (const note of sent) answering(note as Asking);
    await settle();
    expect([works, answers.length]).toEqual([1, 3]);
    asks.heard(answers[0] as Done);
    expect(await answer).toMatchObject({ refused: 'too_busy' });
    clock.advance(10_000);
    expect(sent).toHaveLength(3);
  });

  it('that nobody answers ends in time, with what to do', async () => {
    const clock = createTestClock();
    let sent = 0;
    const asks = createAsks(clock, () => {
      sent += 1;
    });
    const answer = asks.ask('rep_b', removal, 6_000, stays);
    const refused = expect(answer).rejects.toMatchObject({
      code: 'upstream_error',
      details: { next: expect.stringContaining('list_sources') },
    });
    clock.advance(6_000);
    await refused;
    expect(sent).toBe(6);
    // An answer that comes later is nobody's.
    asks.heard({ note: 'done', ask: 'ask_1' });
  });

  it('to one that died ends as soon as the agent is known to be elsewhere', async () => {
    const clock = createTestClock();
    const asks = createAsks(clock, () => undefined);
    const answer = asks.ask('rep_b', removal, 6_000, async () => true);
    clock.advance(1_000);
    expect(await answer).toMatchObject({ away: true });
  });
});

describe('an agent of another replica', () => {
  const action = { id: 'act_1', limits: { hits: 3 } } as Action;
  const far = (places: (string | undefined)[], answers: Partial<Done>[], here?: 'leaves') => {
    let isHere = here === 'leaves';
    const hub = {
      find: () => (isHere ? {} : undefined),
      async arm() {
        isHere = false;
        throw new Error('It left.');
      },
    } as unknown as Hub;
    const asked: string[] = [];
    const clock = createTestClock();
    const agents = createFarAgents({
      ...{ self: 'rep_a', hub, isAlone: () => false, clock },
      agents: { whereIs: async () => (places.length > 1 ? places.shift() : places[0]) },
      questions: { ask: async () => undefined, take: async () => undefined },
      asks: {
        async ask(replica, asking) {
          asked.push(replica);
          return { note: 'done', ask: asking.ask, ...answers.shift() };
        },
        heard: () => undefined,
      },
    });
    const pass = async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100);
        await settle();
      }
    };
    return { agents, asked, pass };
  };

  it('is asked where it was seen last, and where it is when it has moved', async () => {
    const { agents, asked, pass } = far(['rep_b', 'rep_c'], [{ away: true }, {}, {}]);
    const first = agents.arm('acme', 'a', action);
    await pass(300);
    await first;
    await agents.arm('acme', 'a', action);
    expect(asked).toEqual(['rep_b', 'rep_c', 'rep_c']);
  });

  it('that is on its way from one replica to the next is waited for, but not for long', async () => {
    const { agents, asked, pass } = far([undefined, undefined, 'rep_c', undefined], [{}, { away: true }]);
    const first = agents.arm('acme', 'a', action);
    await pass(500);
    await first;
    expect(asked).toEqual(['rep_c']);
    const refused = expect(agents.arm('acme', 'a', action)).rejects.toThrow('Agent a is not connected.');
    await pass(3_500);
    await refused;
  });

  it('that leaves this one while it is asked is asked where it has gone', async () => {
    const { agents, asked, pass } = far(['rep_c'], [{}], 'leaves');
    const first = agents.arm('acme', 'a', action);
    await pass(300);
    await first;
    expect(asked).toEqual(['rep_c']);
  });

  it('that is nowhere is refused without a question, and is no trouble when something is taken off it', async () => {
    const { agents, asked, pass } = far([undefined, 'rep_a', undefined], []);
    const refused = expect(agents.arm('acme', 'a', action)).rejects.toMatchObject({ code: 'upstream_error' });
    await pass(3_500);
    await refused;
    await agents.remove('acme', 'a', 'act_1', 'limit');
    expect(asked).toEqual([]);
  });

  it('that is too busy is said to be, and whatever else went wrong there is told as no answer', async () => {
    const { agents } = far(['rep_b'], [{ refused: 'too_busy' }, { refused: 'internal_error' }]);
    await expect(agents.arm('acme', 'a', action)).rejects.toMatchObject({ code: 'too_busy' });
    await expect(agents.arm('acme', 'a', action)).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

describe('a note', () => {
  it('that is none, or of a kind that a newer replica sends, is not heard', () => {
    for (const text of [
      '',
      'null',
      '{',
      '{"note":"unheard-of"}',
      '{"note":"woke"}',
      `{"note":"woke","action":"${'x'.repeat(300)}"}`,
    ])
      expect(readNote(text)).toBeUndefined();
    expect(readNote('{"note":"woke","action":"act_1","later":1}')).toEqual({ note: 'woke', action: 'act_1' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFacts } from '../../src/lib/call-facts.ts';
import { createLog } from '../../src/lib/log.ts';
import { type Caller, connectCaller, onCheckout } from '../flow/world.ts';
import { startBridge, type TestBridge } from '../helpers/bridge.ts';

type Line = Record<string, unknown> & { msg: string };

function listening(level = 'debug') {
  const lines: Line[] = [];
  return { lines, log: createLog(level, { write: (line) => void lines.push(JSON.parse(line) as Line) }) };
}

const facts = { requestId: 'req_1', tool: 'get_status', org: 'acme', traceId: 'a'.repeat(32) };

describe('a line of the log', () => {
  it('says which call it belongs to, whoever writes it', async () => {
    const { lines, log } = listening();
    await withFacts(facts, undefined, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      log.warn({ job: 'x' }, 'deep inside');
      log.warn({ requestId: 'req_2' }, 'about another one');
    });
    log.warn('outside');
    expect(lines).toMatchObject([{ ...facts, job: 'x', msg: 'deep inside' }, { requestId: 'req_2' }, { msg: 'outside' }]);
    expect(lines[2]).not.toHaveProperty('requestId');
  });

  it('is not of a call that is over, although its timer is', async () => {
    const { lines, log } = listening();
    let later: Promise<void> | undefined;
    await withFacts(facts, undefined, async () => {
      later = new Promise((resolve) =>
        setTimeout(() => {
          log.warn('a connection broke');
          resolve();
        }, 5),
      );
    });
    await later;
    expect(lines[0]).not.toHaveProperty('requestId');
  });

  it('holds no secret by its name, at the top or one level below', () => {
    const { lines, log } = listening();
    for (const name of ['key', 'token', 'authorization', 'cookie', 'password', 'secret', 'client_secret', 'refresh_token'])
      log.warn({ [name]: 'hunter2', request: { [name]: 'hunter2' } }, 'a secret');
    expect(lines).toHaveLength(8);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('holds no key, token or password of a URL that an error quotes', () => {
    const { lines, log } = listening();
    const key = `slk_AbCd1234_${'x'.repeat(39)}`;
    const told = [
      `no such key ${key}`,
      'cannot reach postgres://ada:hunter2@db/x',
      'sent Bearer abcdefghijklmnop',
      `sla_${'y'.repeat(39)}`,
    ];
    for (const message of told) log.error({ err: new Error(message) }, 'it failed');
    const text = JSON.stringify(lines);
    for (const secret of ['xxxxxxxx', 'hunter2', 'abcdefghijklmnop', 'yyyyyyyy']) expect(text).not.toContain(secret);
    expect(text).toContain('postgres://ada:[secret]@db/x');
  });
});

describe('the log of a bridge', () => {
  let bridge: TestBridge;
  let caller: Caller;
  const { lines, log } = listening();
  beforeAll(async () => {
    bridge = await startBridge({}, undefined, { log });
    caller = await connectCaller(bridge.mcpUrl, bridge.fullKey);
  }, 90_000);
  afterAll(async () => {
    await caller?.close();
    await bridge?.close();
  });

  it('has one line for each call that ends, with its organisation, its tool and the code of its refusal', async () => {
    lines.length = 0;
    const { requestId } = (await caller.call('get_status')).structured;
    const refused = (await caller.call('take_snapshot', onCheckout)).structured;
    expect(lines.filter(({ msg }) => msg === 'call ended')).toMatchObject([
      { level: 20, requestId, org: 'default', tool: 'get_status', outcome: 'allowed', durationMs: expect.any(Number) },
      { level: 20, requestId: refused.requestId, tool: 'take_snapshot', outcome: 'refused', code: 'not_found' },
    ]);
  });

  it('has the call on the lines that other stages write while it runs', async () => {
    lines.length = 0;
    const { counters } = bridge.bridge.services;
    const { spend } = counters;
    counters.spend = async () => {
      log.warn('the database is slow');
      throw new Error('the database is away');
    };
    try {
      const { structured } = await caller.call('get_status');
      expect(structured.error?.code).toBe('unavailable');
      expect(lines.find(({ msg }) => msg === 'the database is slow')).toMatchObject({
        requestId: structured.requestId,
        tool: 'get_status',
        org: 'default',
      });
      const ended = { level: 30, requestId: structured.requestId, outcome: 'refused', code: 'unavailable' };
      expect(
        lines.find(({ msg }) => msg === 'call ended'),
        'the bridge is at fault',
      ).toMatchObject(ended);
    } finally {
      counters.spend = spend;
    }
  });
});

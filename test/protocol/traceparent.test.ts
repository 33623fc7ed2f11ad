import { describe, expect, it } from 'vitest';
import { checkAgentFrame } from '../../src/protocol/check-agent.ts';
import { checkBridgeFrame } from '../../src/protocol/check-bridge.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const action = {
  ...{ id: 'act_1', rev: 1, kind: 'snapshot', where: { file: 'a.ts', line: 1 }, expressions: [] },
  limits: { hits: 1, depth: 3, ttlMs: 1_000 },
};
const capture = { at: { file: 'a.ts', line: 1 }, stack: [], scopes: [], expressions: [], pauseMicros: 1, cut: [], redacted: {} };
const hit = { t: 'hit', n: 1, id: 'act_1', rev: 1, hit: 1, ts: 5, capture };

describe('the span that asked', () => {
  it('is read in an action, where it is one, and in a hit', () => {
    expect(checkBridgeFrame({ t: 'arm', action: { ...action, traceparent } })).toEqual({
      ok: true,
      frame: { t: 'arm', action: { ...action, traceparent } },
    });
    expect(checkAgentFrame({ ...hit, traceparent })).toEqual({ ok: true, frame: { ...hit, traceparent } });
  });

  it.each([null, 7, '', 'nonsense', `${traceparent} `, `${traceparent}-more`, 'x'.repeat(100_000)])(
    'counts as absent where it is none (%#), and stops neither action nor hit',
    (wrong) => {
      expect(checkBridgeFrame({ t: 'arm', action: { ...action, traceparent: wrong } })).toEqual({
        ok: true,
        frame: { t: 'arm', action },
      });
      expect(checkAgentFrame({ ...hit, traceparent: wrong })).toEqual({ ok: true, frame: hit });
    },
  );
});

import { expect, it } from 'vitest';
import { checkBridgeFrame } from '../../src/protocol/check-bridge.ts';
import { limits } from '../../src/protocol/limits.ts';
import { secretRules } from '../../src/redaction/agent-rules.ts';
import { defaultRedactionPolicy, toAgentRules } from '../../src/redaction/policy.ts';

const names = toAgentRules(defaultRedactionPolicy);
const frameOf = (secrets: unknown) => ({ t: 'policy', policy: { names, secrets, pause: false } });
const told = (secrets: unknown) => {
  const checked = checkBridgeFrame(frameOf(secrets));
  return checked.ok ? 'taken' : checked.message;
};

it('takes the rules of secrets as the bridge sends them, and they leave room in a frame', () => {
  const text = JSON.stringify(frameOf(secretRules));
  expect(checkBridgeFrame(JSON.parse(text))).toEqual({ ok: true, frame: frameOf(secretRules) });
  expect(text.length).toBeLessThan(limits.maxBridgeFrameBytes / 4);
});

it('takes a policy of a bridge that knows no rules of secrets', () => {
  expect(checkBridgeFrame({ t: 'policy', policy: { names, pause: false } })).toMatchObject({ ok: true });
});

it('refuses rules that are too many or no rules, and names the field', () => {
  const [token] = secretRules.tokens;
  const tokens = (...changes: object[]) => told({ ...secretRules, tokens: changes.map((change) => ({ ...token, ...change })) });
  expect(tokens({ prefixes: ['x'] })).toMatch('secrets.tokens[0].prefixes[0]: expected 2 to 40 ASCII characters');
  expect(tokens({ prefixes: ['k€y_'] })).toMatch('secrets.tokens[0].prefixes[0]');
  expect(tokens({ rule: 'No Rule]' })).toMatch('secrets.tokens[0].rule');
  expect(tokens({ min: 0 })).toMatch('secrets.tokens[0].min');
  expect(tokens(...Array(401).fill({}))).toMatch('secrets.tokens: expected at most 400 items');
  expect(told({ ...secretRules, codeRoots: Array(1_001).fill('env') })).toMatch('secrets.codeRoots: expected at most 1000 items');
  expect(told('all')).toMatch('secrets: expected an object');
});

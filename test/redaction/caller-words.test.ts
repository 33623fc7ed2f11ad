import { expect, it } from 'vitest';
import { parseTemplate } from '../../src/protocol/template.ts';
import type { ExpressionResult, Value } from '../../src/protocol/value.ts';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { redact } from '../../src/redaction/redact.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import { answerOf, captureOf, viewOf } from './capture-data.ts';

const tagged = /\[REDACTED:[a-z-]+#[0-9a-f]{6}\]/;

async function lineOf(template: string, value: (expression: string) => Value): Promise<string> {
  const parsed = parseTemplate(template);
  if (!parsed.ok) throw new Error(parsed.message);
  const expressions = parsed.expressions.map((expression): ExpressionResult => ({ expression, value: value(expression) }));
  const capture = scrub(RawCapture.fromAgent(captureOf({}, { expressions })), defaultRedactionPolicy, { tagKey: 'key' });
  const hit = { actionId: 'act_1', number: 1, agentId: 'a', agentName: 'shop', capturedAt: 0, capture };
  const view = viewOf([{ ...hit, log: { level: 'info' as const, texts: parsed.texts } }]);
  const { structured } = await redact({ structured: {}, view }, defaultRedactionPolicy, { tagKey: () => 'key' });
  return (structured.hits as { message: string }[])[0]?.message ?? '';
}

it.each([
  '{{"password":"hunter2"}}',
  'password=hunter2',
  'ssn 219-09-9999, 219-09-9998',
  'mail ada@wonder.example, card 4111 1111 1111 1111',
])('what a caller writes into a template is hidden without a tag: %s', async (template) => {
  const message = await lineOf(template, () => 1);
  expect(message).toContain('[REDACTED:');
  expect(message).not.toMatch(tagged);
});

it('what the program puts into the same line keeps its tag', async () => {
  const message = await lineOf('{{"password":"hunter2"}} {body}', () => '{"password":"hunter2"}');
  expect(message.match(/\[REDACTED:password[^\]]*\]/g)).toEqual([
    '[REDACTED:password]',
    expect.stringMatching(/^\[REDACTED:password#[0-9a-f]{6}\]$/),
  ]);
});

it('texts and numbers of an expression are the caller’s wherever they come out', async () => {
  const candidate = '219-09-9999';
  const results: ExpressionResult[] = [
    { expression: `'${candidate}'`, value: candidate },
    { expression: `q ? '${candidate}' : u.ssn`, value: candidate },
    { expression: `q && '${candidate}'`, value: candidate },
    { expression: `q ? 'x' + u.note : 'x${candidate}'`, value: `x${candidate}` },
    { expression: '0 + 4111111111111111', value: 4111111111111111 },
    { expression: '-(0 - 4111111111111111)', value: 4111111111111111 },
    { expression: '(true + true) * big', value: 4111111111111111 },
    { expression: `u.byKey['${candidate}']`, error: `\`undefined\` has no \`${candidate}\`.` },
  ];
  const { hit } = await answerOf(captureOf({}, { expressions: results }));
  for (const { expression, ...result } of hit.expressions) {
    expect(JSON.stringify(result), expression).toContain('[REDACTED:');
    expect(JSON.stringify({ expression, result })).not.toMatch(tagged);
  }
});

it('a value of the program that a choice gives keeps its tag, whatever it was compared with', async () => {
  const results: ExpressionResult[] = [{ expression: "u.plan === 'gold' ? u.email : null", value: 'ada@wonder.example' }];
  const { hit } = await answerOf(captureOf({}, { expressions: results }));
  expect(hit.expressions[0]).toMatchObject({ value: expect.stringMatching(tagged) });
});

import { describe, expect, it } from 'vitest';
import { RawCapture } from '../../src/redaction/capture.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { readingsOf } from '../../src/redaction/readings.ts';
import { redact } from '../../src/redaction/redact.ts';
import { scrub } from '../../src/redaction/scrub.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { captureOf, viewOf } from './capture-data.ts';
import { tokens } from './corpus.ts';

const shown = (text: string): string => scrubText(new Session(defaultRedactionPolicy, undefined), text);

describe('a text that reads otherwise than it is written', () => {
  it('has no readings when it has nothing of the kind, and so costs nothing', () => {
    for (const text of ['password=x', 'a && b', '[1, 2]', 'C:\\path', '{"a":"b"}']) expect(readingsOf(text)).toBeUndefined();
  });

  it('is searched as it reads, and what is found is hidden as it is written', () => {
    expect(shown('\x1b[32mpassword\x1b[39m=\x1b[33mhunter2\x1b[39m done')).toMatch(
      /^\S{5}password\S{5}=\S{5}\[REDACTED:password\]\S{5} done$/,
    );
    expect(shown("{ password: \x1b[32m'hunter2'\x1b[39m }")).toBe("{ password: \x1b[32m'[REDACTED:password]'\x1b[39m }");
    expect(shown('pass\u200bword=hun\u200dter2 now')).toBe('pass\u200bword=[REDACTED:password] now');
    expect(shown('password\u00a0=\u2009hunter2')).toBe('password\u00a0=\u2009[REDACTED:password]');
    expect(shown('ｐａｓｓｗｏｒｄ＝hunter2')).toBe('ｐａｓｓｗｏｒｄ＝[REDACTED:password]');
    expect(shown('mail a\u00adda@exam\u200bple.org now')).toBe('mail [REDACTED:email] now');
    expect(shown('card 4111\u200b1111\u200b1111\u200b1111 declined')).toBe('card [REDACTED:card] declined');
  });

  it('keeps words apart that only touch a colour', () => {
    expect(shown(`\x1b[0m${tokens.github}\x1b[0m x`)).toBe('\x1b[0m[REDACTED:github-token]\x1b[0m x');
  });

  it('may be written in references of HTML', () => {
    expect(shown('a &lt;b&gt; password=&quot;hunter2&quot; &amp; more')).toBe(
      'a &lt;b&gt; password=&quot;[REDACTED:password]&quot; &amp; more',
    );
    expect(shown('ada&#64;example.org &amp; others')).toBe('[REDACTED:email] &amp; others');
    expect(shown('pass&#x77;ord=hunter&#50; now')).toBe('pass&#x77;ord=[REDACTED:password] now');
    expect(shown('password\u200b=&quot;hunter2&quot;')).toBe('password\u200b=&quot;[REDACTED:password]&quot;');
  });

  it('stays as it is when nothing is found', () => {
    for (const text of ['\x1b[32mok\x1b[39m', 'Größe 12', 'a &amp; b', 'Zürich ｆｕｌｌ', 'naïve\u00a0café'])
      expect(shown(text)).toBe(text);
  });
});

it('two values of a line with only invisible characters between them do not show a half of what both are', async () => {
  const [first, second] = [tokens.github.slice(0, 20), tokens.github.slice(20)];
  for (const between of ['\u200b', '\u00ad\u2060', '']) {
    const data = captureOf({}, { expressions: [first, second].map((value, at) => ({ expression: `part${at}`, value })) });
    const capture = scrub(RawCapture.fromAgent(data), defaultRedactionPolicy, { tagKey: 'key' });
    const hit = { actionId: 'act_1', number: 1, agentId: 'a', agentName: 'shop', capturedAt: 0, capture };
    const log = { level: 'info' as const, texts: ['got ', between, ' again'] };
    const { structured } = await redact({ structured: {}, view: viewOf([{ ...hit, log }]) }, defaultRedactionPolicy, {
      tagKey: () => 'key',
    });
    const [line] = structured.hits as { message: string }[];
    expect(line?.message).toMatch(/^got .*REDACTED.* again$/);
    for (const part of [first.slice(4, 12), second.slice(0, 8), second.slice(-8)]) expect(line?.message).not.toContain(part);
  }
});

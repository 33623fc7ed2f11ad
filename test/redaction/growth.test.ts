import { describe, expect, it } from 'vitest';
import { detectors } from '../../src/redaction/detectors/table.ts';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../src/redaction/policy.ts';
import { scan } from '../../src/redaction/scan.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';

const strict: RedactionPolicy = { ...defaultRedactionPolicy, profile: 'strict' };
const largestChars = 64 * 1024;
/** Below this the clock is noise; a quadratic detector needs seconds for 64 kB. */
const quickMs = 12;
const maxRatio = 2.5;
/** Neighbours on the machine disturb single measurements; a pattern that is not linear fails all of them. */
const attempts = 8;

/** Pieces repeated to the wanted length: each is the beginning of something, over and over, that never ends well. */
const shapes: Record<string, string> = {
  digits: '1',
  'grouped digits': '4111 ',
  'dashed digits': '12-',
  spaces: ' ',
  letters: 'a',
  'capital letters': 'A',
  'mixed letters and digits': 'aB3',
  'at signs': '@',
  'local parts': 'a@',
  'dotted domains': 'a.',
  'percent signs': '%40',
  'percent escapes': '%7B%22',
  dots: '1.',
  colons: 'a:',
  'hex and colons': 'ab:',
  'double colons': '::',
  'equals signs': 'password=',
  'quoted names': '"password":"',
  backslashes: '\\',
  'escaped quotes': 'password=\\"',
  'jwt beginnings': 'eyJ',
  'jwt beginnings behind dashes': '-eyJhbGci.',
  'pem beginnings': '-----BEGIN PRIVATE KEY-----',
  'pem beginnings without a label': '-----BEGIN ',
  'bearer words': 'bearer ',
  'url beginnings': 'a://b:',
  'url with many at signs': 'a://b:c@',
  'slashes and at signs': '://a:x/@',
  'flag beginnings': '--token ',
  'is and was': 'password is was ',
  'open braces': '{"a":',
  'open brackets': '[',
  'vendor prefixes': 'sk-',
  'more vendor prefixes': 'ghp_AKIA',
  'street numbers': '12 Main ',
  'capitalised words': 'Dear John ',
  plus: '+1 ',
  brackets: '+1(2)',
  'markers that do not end': '[REDACTED:',
  markers: '[REDACTED:email]x',
  'iban beginnings': 'DE89 ',
  parameters: '?sig=aaaaaaaa&',
};

const grow = (piece: string, chars: number): string => piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars);

/** Processor time, so that neighbours on the machine do not count. */
function timeOf(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** The first shape whose time more than doubles from one doubling to the next, in every attempt. */
function worstShape(run: (text: string) => void): string | undefined {
  for (const [name, piece] of Object.entries(shapes)) {
    if (timeOf(() => run(grow(piece, largestChars))) <= quickMs) continue;
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < attempts && ratio > maxRatio; attempt++) {
      const times = [1, 2, 4, 8].map((factor) => {
        const text = grow(piece, (largestChars / 8) * factor);
        return Math.min(...[1, 2, 3].map(() => timeOf(() => run(text))));
      });
      ratio = Math.min(ratio, ((times[3] as number) / (times[0] as number)) ** (1 / 3));
    }
    if (ratio > maxRatio) return `${name}: time grows ${ratio.toFixed(1)} times per doubling`;
  }
  return undefined;
}

describe('growth', () => {
  it.each(detectors.map((detector) => [detector.name, detector] as const))(
    '%s takes time in proportion to the text, whatever the text',
    (_, detector) => {
      for (const cut of [false, true]) {
        const scanning = new Session(strict, 'key').scanning(cut);
        expect(worstShape((text) => void detector.find(text, scanning))).toBeUndefined();
      }
    },
  );

  it('all detectors together, encodings and JSON included, take time in proportion to the text', { timeout: 120_000 }, () => {
    expect(worstShape((text) => void scan(new Session(strict, 'key'), text, { cut: true }))).toBeUndefined();
    expect(worstShape((text) => void scrubText(new Session(strict, 'key'), `"${text}"`))).toBeUndefined();
  });

  it('would notice a quadratic pattern', () => {
    expect(worstShape((text) => void text.slice(0, text.length / 8).match(/a+b/))).toMatch(/^letters/);
  });

  it('is done with a megabyte of digits before anybody waits', () => {
    expect(timeOf(() => scan(new Session(strict, 'key'), '1'.repeat(1024 * 1024)))).toBeLessThan(5_000);
  });
});

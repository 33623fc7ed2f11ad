import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/protocol/value.ts';
import { detectors } from '../../src/redaction/detectors/table.ts';
import { defaultRedactionPolicy, type RedactionPolicy } from '../../src/redaction/policy.ts';
import { scan } from '../../src/redaction/scan.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubLabel, scrubText, scrubValue } from '../../src/redaction/walk.ts';

const strict: RedactionPolicy = { ...defaultRedactionPolicy, profile: 'strict' };
const largestChars = 64 * 1024;
/** From 8 to 64 kB. */
const doublings = 3;
/** Below this the clock is noise; a quadratic detector needs seconds for 64 kB. */
const quickMs = 12;
const maxRatio = 2.5;
/** Searches of a label and the name of a field together: of what is found, its surroundings are searched again. */
const maxSearches = 8;
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
  'short flags': '-p -u a:b ',
  elements: '<password>',
  'quoted pairs': '("TOKEN", "',
  'braces of templates': '${a{{',
  declarations: 'password string = ',
  'hexadecimal escapes': '\\x41',
  'unicode escapes': '\\u0041',
  'hexadecimal text': '7061',
  'base64 of text': 'cGFzcw',
  'bodies of shaped tokens': '1:A',
  'parts of shaped tokens': 'Mab.cd.',
  'Digest parameters': 'digest a="b", ',
  'dashed hexadecimal': '0a1b-',
  'grouped letters and digits': 'AB12 ',
  'dotted thousands': '123.',
  'slashed digits': '12/34',
  wallets: '0xaB',
  quotes: '"\'`',
  'markers glued': '[REDACTED:token#123456]',
  'streets and house numbers': 'Rue ab 1 ab ',
  'first names': 'Anna, ',
  'area codes': '079 ',
  'a card again and again': '4111 1111 1111 1111 ',
  'quoted names of a letter': '> Ab\n',
  'words without a veto': 'abcdefghijklmnopqrstuvwx ',
  'announced numbers': 'passport A1-',
  'line feeds': 'a=b\n',
  'rows of values': "(a, password) values ('x', ",
  'quotes of values': "values ('",
  'broken keys': 'Key (a',
  'identified again and again': 'IDENTIFIED BY ',
  'tags with attributes': '<a password="',
  'data in elements': '<password><![CDATA[',
  'names in elements': '<key>password</key>',
  'parts of a form': 'form-data; name="password"\n',
  'keys of YAML': 'password: |\n',
  'lists of YAML': 'token:\n - ab\n',
  'sentences with quotes': "password '",
  'sentences with arrows': 'password -> ',
  'words that are valid': '" is not a valid ',
  'commands of Redis': 'AUTH a ',
  'commands of mail': 'a1 LOGIN a ',
  'users and their password': 'USER a\nPASS ',
  netrc: 'machine a login b ',
  'references of HTML': '&quot;',
  'Token parameters': 'Token token="a",',
  'colours of a terminal': '\x1b[32mpassword\x1b[0m=',
  'beginnings of addresses': '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ',
  emoji: '😀',
  'zero-width characters': '\u200b1',
};

/** Whole documents of about so many characters. */
const documents: Record<string, (chars: number) => string> = {
  'many short fields': (chars) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: chars / 16 }, (_, at) => [`f${at}`, at]))),
  'one long list': (chars) => `[${grow('"ab",', chars)}""]`,
  'deep lists': (chars) => '['.repeat(chars / 2) + ']'.repeat(chars / 2),
  'many secret fields': (chars) => JSON.stringify(Array.from({ length: chars / 24 }, () => ({ password: 'k3v9-xz1' }))),
  'names and values': (chars) =>
    JSON.stringify(Array.from({ length: chars / 32 }, (_, at) => ({ name: `n${at}`, value: `v${at}` }))),
  'JSON in JSON': (chars) => JSON.stringify({ a: JSON.stringify({ b: grow('{"a":"b"},', chars) }) }),
  'pairs of a list': (chars) => JSON.stringify({ rawHeaders: grow('authorization,x1,', chars).split(',') }),
  'one name again and again': (chars) => `{${grow('"token":"a1b2c3",', chars)}"x":1}`,
};

const grow = (piece: string, chars: number): string => piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars);

const texts = Object.fromEntries(Object.entries(shapes).map(([name, piece]) => [name, (chars: number) => grow(piece, chars)]));

/** Processor time, so that neighbours on the machine do not count. */
function timeOf(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

/** Processor time of the quickest of some runs. */
const quickestOf = (runs: number, run: () => void): number => Math.min(...Array.from({ length: runs }, () => timeOf(run)));

/** The first shape whose time grows more than `maxRatio` times per doubling, in every attempt. */
function worstShape(run: (text: string) => void, made: Record<string, (chars: number) => string> = texts): string | undefined {
  for (const [name, make] of Object.entries(made)) {
    const large = make(largestChars);
    const small = make(largestChars / 2 ** doublings);
    let ratio = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < attempts && ratio > maxRatio; attempt++) {
      const time = quickestOf(attempt === 0 ? 1 : 3, () => run(large));
      if (time <= quickMs) ratio = 0;
      else ratio = Math.min(ratio, (time / quickestOf(3, () => run(small))) ** (1 / doublings));
    }
    if (ratio > maxRatio) return `${name}: time grows ${ratio.toFixed(1)} times per doubling`;
  }
  return undefined;
}

/** Finds nothing, so that what is left of the time is that of judging. */
class JudgingSession extends Session {
  override detectorsFor(): [] {
    return [];
  }
}

/** Counts what is searched: that each search takes time in proportion is shown above all by itself. */
class CountingSession extends Session {
  searchedChars = 0;

  override worked(chars: number): void {
    this.searchedChars += chars;
  }
}

// Processor time is what is compared; how long the machine takes to give it is another matter.
describe('growth', { timeout: 300_000 }, () => {
  it.each(detectors.map((detector) => [detector.name, detector] as const))(
    '%s takes time in proportion to the text, whatever the text',
    (_, detector) => {
      for (const cut of [false, true]) {
        const scanning = new Session(strict, 'key').scanning(cut);
        expect(worstShape((text) => void detector.find(text, scanning))).toBeUndefined();
      }
    },
  );

  it('all detectors together, encodings included, take time in proportion to the text', () => {
    expect(worstShape((text) => void scan(new Session(strict, 'key'), text, { cut: true }))).toBeUndefined();
  });

  it('a text of JSON takes time in proportion to it', () => {
    expect(worstShape((text) => void scrubText(new Session(strict, 'key'), `"${text}"`))).toBeUndefined();
  });

  it('JSON in a text is walked in time in proportion to it', () => {
    expect(worstShape((text) => void scrubText(new Session(strict, 'key'), text), documents)).toBeUndefined();
  });

  it('a name is judged in time in proportion to it, however long', () => {
    const field = (name: string): Value => ({ $: 'object', fields: [[name, 'x']] });
    const judgements: ((name: string, session: Session) => void)[] = [
      (name, session) => void session.nameRule(name),
      (name, session) => void (session.innerRule('card', name) ?? session.innerRule(name, 'number')),
      (name, session) => void scrubValue(session, field(name), { name, depth: 0, level: 0 }),
    ];
    for (const judge of judgements) expect(worstShape((name) => judge(name, new JudgingSession(strict, 'key')))).toBeUndefined();
  });

  it('a name is searched a few times, however long', () => {
    const chars = largestChars / 16;
    for (const [shape, make] of Object.entries(texts)) {
      const session = new CountingSession(strict, 'key');
      const name = make(chars);
      scrubLabel(session, name);
      scrubValue(session, { $: 'object', fields: [[name, 'x']] }, { name: 'a', depth: 0, level: 0 });
      expect(session.searchedChars / chars, shape).toBeLessThan(maxSearches);
    }
  });

  it('patterns of a policy take time in proportion to the text', () => {
    const own: RedactionPolicy = { ...strict, patterns: { order: ['(a+)+b', '([0-9]+-?)*x', 'order-([0-9]{3,9})'] } };
    expect(worstShape((text) => void scan(new Session(own, 'key'), text.slice(0, text.length / 4)))).toBeUndefined();
  });

  it('would notice a quadratic pattern', () => {
    expect(worstShape((text) => void text.slice(0, text.length / 8).match(/a+b/))).toMatch(/^letters/);
  });

  it('is done with a megabyte of digits before anybody waits', () => {
    expect(timeOf(() => scan(new Session(strict, 'key'), '1'.repeat(1024 * 1024)))).toBeLessThan(5_000);
  });
});

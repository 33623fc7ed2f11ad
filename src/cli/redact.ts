import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readConfig } from '../config.ts';
import { Refusal } from '../lib/refusal.ts';
import { breaksIn, type Explained, explainText, type Hidden } from '../redaction/explained.ts';
import { profiles, type RedactionPolicy } from '../redaction/policy.ts';
import { parseRedactionPolicy } from '../redaction/policy-file.ts';
import { addCounts } from '../redaction/scrub.ts';
import { oneOf } from './policy.ts';
import { forms, maxPartChars, type Part, partsOf } from './redact-input.ts';
import { type Command, type Flags, readFlags, Usage } from './usage.ts';

const word = { type: 'string' } as const;
const mark = { type: 'boolean' } as const;

/** Hides in stdin what the bridge would hide in captured values. */
export const redact: Command = {
  name: 'redact',
  usage: `sidelight redact [--policy DIR|FILE] [--pool POOL --service SERVICE] [--profile ${profiles.join('|')}] [--as ${forms.join('|')}] [--counts] [--explain] < FILE
  Writes stdin to stdout with everything hidden that a captured value would have hidden. --counts tells on stderr how much, by rule;
  --explain lists on stdout, instead of the text, where what was hidden and why, never the value. A JSON document, a line and a
  stretch of text have at most ${maxPartChars} characters; a longer line is hidden whole.`,
  async run(args) {
    const { values } = readFlags(args, {
      ...{ policy: word, pool: word, service: word, profile: word, as: word },
      ...{ counts: mark, explain: mark },
    });
    const form = values.as === undefined ? undefined : oneOf(forms, values.as, '--as');
    const policy = await policyFor(values);
    const key = randomBytes(32);
    let counts: Record<string, number> = {};
    for await (const part of partsOf(process.stdin, form)) {
      const made = redactPart(policy, part, key);
      counts = addCounts(counts, made.counts);
      const out = values.explain === true ? made.hidden.map((each) => placeOf(part, made.shown, each)).join('') : made.shown;
      if (!(await written(out))) break;
    }
    if (values.counts === true) process.stderr.write(linesOf(counts));
    return 0;
  },
};

function redactPart(policy: RedactionPolicy, { text, form, isTooLong }: Part, key: Uint8Array): Explained<string> {
  if (isTooLong)
    return {
      shown: '[REDACTED:unscanned]',
      hidden: [{ path: '', start: 0, rule: 'unscanned', by: 'limit', breaksBefore: 0 }],
      counts: { unscanned: 1 },
    };
  // Re-serialised JSON has no line's end of its own, nor has a private key that was cut.
  const end = (form === 'text' ? /\r?\n?$/ : /\s*$/).exec(text)?.[0] ?? '';
  const { shown, ...rest } = explainText(policy, end === '' ? text : text.slice(0, -end.length), key);
  return { shown: shown + end, ...rest };
}

async function policyFor({ policy: path, pool, service, profile }: Flags): Promise<RedactionPolicy> {
  if ((pool === undefined) !== (service === undefined)) throw new Usage('Give --pool and --service together.');
  const file = await fileAt(typeof path === 'string' ? path : readConfig({}, process.env).policiesDirectory);
  const policies = parseRedactionPolicy(await readFile(file, 'utf8').catch((problem) => unreadable(file, problem)), file);
  const policy = typeof pool === 'string' && typeof service === 'string' ? policies.for({ pool, service }) : policies.base;
  return profile === undefined ? policy : { ...policy, profile: oneOf(profiles, profile, '--profile') };
}

async function fileAt(path: string): Promise<string> {
  const found = await stat(path).catch((problem) => unreadable(path, problem));
  return found.isDirectory() ? join(path, 'redaction.yaml') : path;
}

function unreadable(path: string, problem: NodeJS.ErrnoException): never {
  throw new Refusal({
    code: 'invalid_input',
    message: `${path} cannot be read (${problem.code ?? problem.message}).`,
    field: 'policy',
    next: 'Name a directory of policies or a redaction.yaml with --policy.',
  });
}

/** `line`, or `line:path`; rule; why. With tabs between. */
function placeOf({ line, form }: Part, shown: string, { path, start = 0, rule, by, detectors, breaksBefore }: Hidden): string {
  const at = form === 'text' && path === '' ? line + breaksIn(shown.slice(0, start)) + breaksBefore : line;
  const why = detectors === undefined ? by : `${by} ${detectors.join(', ')}`;
  return `${at}${path === '' ? '' : `:${path}`}\t${rule}\t${why}\n`;
}

function linesOf(counts: Record<string, number>): string {
  const lines = Object.entries(counts)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([rule, count]) => `${rule} ${count}\n`);
  return lines.length === 0 ? 'nothing hidden\n' : lines.join('');
}

/** False when nobody reads any more. */
function written(text: string): Promise<boolean> {
  if (text === '') return Promise.resolve(true);
  return new Promise((done) => {
    process.stdout.write(text, (problem) => done(problem === null || problem === undefined));
  });
}

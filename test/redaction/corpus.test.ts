import { SyncCompositeRedactor } from 'redact-pii/lib/SyncCompositeRedactor.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { render } from '../../src/redaction/render.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubValue } from '../../src/redaction/walk.ts';
import { benign, type Sample, sensitive } from './corpus.ts';

type Engine = (sample: Sample) => string;

const sidelight: Engine = ({ text, name }) => {
  const value = render(
    scrubValue(new Session(defaultRedactionPolicy, 'key'), text, { depth: 0, level: 0, ...(name === undefined ? {} : { name }) }),
  );
  return typeof value === 'string' ? value : JSON.stringify(value);
};
const withDefaults = new SyncCompositeRedactor();
const redactPii: Engine = ({ text }) => withDefaults.redact(text);

/** Leaked when the secret, or at least half of it (and 4 characters), is still there. */
function leaks(output: string, secret: string): boolean {
  const length = Math.max(Math.min(4, secret.length), Math.ceil(secret.length / 2));
  for (let at = 0; at + length <= secret.length; at++) if (output.includes(secret.slice(at, at + length))) return true;
  return false;
}

interface Score {
  recall: number;
  damaged: number;
  precision: number;
  perClass: Map<string, { good: number; all: number; missed: string[] }>;
}

function score(engine: Engine): Score {
  const perClass: Score['perClass'] = new Map();
  const count = (kind: string, good: boolean, text: string): boolean => {
    const row = perClass.get(kind) ?? { good: 0, all: 0, missed: [] };
    perClass.set(kind, row);
    row.all++;
    if (good) row.good++;
    else row.missed.push(text);
    return good;
  };
  const hidden = sensitive.filter((sample) =>
    count(sample.class, !leaks(engine(sample), sample.secret as string), sample.text),
  ).length;
  const changed = benign.filter((sample) => !count(`kept: ${sample.class}`, engine(sample) === sample.text, sample.text)).length;
  return {
    recall: hidden / sensitive.length,
    damaged: changed / benign.length,
    precision: hidden / (hidden + changed),
    perClass,
  };
}

describe('the labelled corpus', () => {
  let ours: Score;
  let theirs: Score;

  beforeAll(() => {
    ours = score(sidelight);
    theirs = score(redactPii);
    const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
    const rows = [...ours.perClass].map(
      ([kind, { good, all }]) =>
        `${kind.padEnd(22)}${`${theirs.perClass.get(kind)?.good}/${all}`.padStart(10)}${`${good}/${all}`.padStart(10)}`,
    );
    console.log(
      [
        `${'class'.padEnd(22)}${'redact-pii'.padStart(10)}${'sidelight'.padStart(10)}`,
        ...rows,
        ...(['recall', 'damaged', 'precision'] as const).map(
          (measure) => `${measure.padEnd(22)}${percent(theirs[measure]).padStart(10)}${percent(ours[measure]).padStart(10)}`,
        ),
      ].join('\n'),
    );
  });

  const missed = (kinds: (kind: string) => boolean): string[] =>
    [...ours.perClass].flatMap(([kind, row]) => (kinds(kind) ? row.missed.map((text) => `${kind}: ${text}`) : []));

  it('loses no secret and no validated personal data', () => {
    expect(missed((kind) => !kind.startsWith('kept') && kind !== 'person-name' && kind !== 'street-address')).toEqual([]);
  });

  it('hides at least 98 % of what is sensitive', () => {
    expect(ours.recall).toBeGreaterThanOrEqual(0.98);
  });

  it('changes at most 1 % of what is harmless', () => {
    expect(ours.damaged, missed((kind) => kind.startsWith('kept')).join('\n')).toBeLessThanOrEqual(0.01);
  });

  it('is better than plain redact-pii in both directions', () => {
    expect(ours.recall).toBeGreaterThan(theirs.recall + 0.3);
    expect(ours.damaged).toBeLessThan(theirs.damaged / 10);
  });
});

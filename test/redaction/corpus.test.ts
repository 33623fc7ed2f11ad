import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../agents-sim/random.ts';
import { byHandCases, byHandHarmless } from './corpus-by-hand.ts';
import { developmentCases, type SensitiveCase } from './corpus-cases.ts';
import { changedIn, figuresPage, type Part, type PartScores, precisionOf, readVerdicts } from './corpus-figures.ts';
import { developmentHarmless, type HarmlessCase } from './corpus-harmless.ts';
import { heldOutCases } from './corpus-held-out.ts';
import { heldOutHarmless } from './corpus-held-out-harmless.ts';
import { redactPii, scoreHarmless, scoreSensitive, sidelight } from './corpus-score.ts';

/** Of the printed figures; another one for looking around, with CORPUS_SEED. */
const printedSeed = 6;
const seed = Number(process.env.CORPUS_SEED ?? printedSeed);

interface Source {
  name: string;
  about: string;
  sensitive: readonly SensitiveCase[];
  harmless: readonly HarmlessCase[];
  byRule: boolean;
}

const sources: readonly Source[] = [
  {
    name: 'by hand',
    about: 'Written one by one; the first this project had.',
    sensitive: byHandCases,
    harmless: byHandHarmless,
    byRule: false,
  },
  {
    name: 'development',
    about: 'Each rule by its names and, where it has one, by its form, in every place. Detectors are developed with it.',
    sensitive: developmentCases(createRandom(seed).next),
    harmless: developmentHarmless(createRandom(seed + 1).next),
    byRule: true,
  },
  {
    name: 'held-out',
    about: 'Made by another grammar, with other names, layouts and hosts; nobody mends a detector for what is missed here.',
    sensitive: heldOutCases(createRandom(seed + 2).next),
    harmless: heldOutHarmless(createRandom(seed + 3).next),
    byRule: true,
  },
];

const scoresOf = async (engine: typeof sidelight, { sensitive, harmless }: Source): Promise<PartScores> => ({
  sensitive: await scoreSensitive(engine, sensitive),
  harmless: await scoreHarmless(engine, harmless),
});

describe(`the labelled corpus (CORPUS_SEED=${seed})`, () => {
  const parts: Part[] = [];

  beforeAll(async () => {
    for (const source of sources) {
      const { name, about, byRule } = source;
      parts.push({ name, about, byRule, ours: await scoresOf(sidelight, source), redactPii: await scoresOf(redactPii, source) });
    }
  }, 180_000);

  const partOf = (name: string): Part => parts.find((part) => part.name === name) as Part;

  it('is large enough to say something', () => {
    const count = (of: (source: Source) => readonly unknown[]): number =>
      sources.reduce((sum, source) => sum + of(source).length, 0);
    expect(count(({ sensitive }) => sensitive)).toBeGreaterThan(2_500);
    expect(count(({ harmless }) => harmless)).toBeGreaterThan(2_500);
  });

  describe.each(sources.map(({ name }) => name))('%s', (name) => {
    const missed = (group: string): string =>
      [...partOf(name).ours.sensitive.byRule.values()]
        .flatMap((row) => row.missed)
        .filter((line) => line.startsWith(`${group}: `))
        .join('\n');
    const recallOf = (group: string): number => {
      const { hidden, all } = partOf(name).ours.sensitive.byGroup.get(group) ?? { hidden: 0, all: 0 };
      return hidden / all;
    };

    it('shows no secret', () => {
      expect(missed('secrets')).toBe('');
      expect(recallOf('secrets')).toBe(1);
    });

    it.each(['proved', 'named'])('misses at most one in fifty of what is %s', (group) => {
      expect(recallOf(group), missed(group)).toBeGreaterThanOrEqual(0.98);
    });

    it('changes at most 1 % of what is harmless', () => {
      const { harmless } = partOf(name).ours;
      const { changed, all } = changedIn(harmless);
      const damaged = [...harmless.values()].flatMap((row) => row.damaged).join('\n');
      expect(changed / all, damaged).toBeLessThanOrEqual(0.01);
    });

    it('hides little of the harmless text around a value', () => {
      const { kept, hidden } = partOf(name).ours.sensitive.all;
      expect(kept / hidden).toBeGreaterThanOrEqual(0.98);
    });

    it('is better than plain redact-pii in both directions', () => {
      const { ours, redactPii } = partOf(name);
      const recall = ({ sensitive: { all } }: PartScores): number => all.hidden / all.all;
      expect(recall(ours)).toBeGreaterThan(recall(redactPii) + 0.3);
      expect(precisionOf(ours)).toBeGreaterThan(precisionOf(redactPii) + 0.3);
    });
  });

  it.runIf(seed === printedSeed)('is what docs/redaction-figures.md tells', async () => {
    const verdicts = readVerdicts(fileURLToPath(new URL('judges/results', import.meta.url)));
    await expect(figuresPage(parts, verdicts, seed)).toMatchFileSnapshot('../../docs/redaction-figures.md');
  });
});

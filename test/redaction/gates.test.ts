import { describe, expect, it } from 'vitest';
import { detectors } from '../../src/redaction/detectors/table.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { Session } from '../../src/redaction/session.ts';
import { checkGates, textsOf } from './fuzz/gates.ts';
import { seedsOf } from './fuzz/seeds.ts';

describe.each(seedsOf('gates'))('one look at the texts of seed %i', (seed) => {
  it('leaves nothing out that a detector or a decoder would find', { timeout: 120_000 }, () => checkGates(seed));

  it('is at texts of which every detector finds some', () => {
    const scanning = new Session({ ...defaultRedactionPolicy, profile: 'strict' }, 'key').scanning(false);
    const all = textsOf(seed);
    const idle = detectors.filter((detector) => all.every((text) => detector.find(text, scanning).length === 0));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });
});

import { describe, it } from 'vitest';
import { seedsOf } from './fuzz/seeds.ts';
import { countsMarkers, keepsJson, showsNoSecret } from './fuzz/values.ts';

describe.each(seedsOf('values'))('random values of seed %i', (seed) => {
  it('show no secret, wherever in them it stands and whatever is around it', () => showsNoSecret(seed));

  it('that are JSON in a text stay JSON of the same shape', () => keepsJson(seed));

  it('have whole markers, as many as are counted', () => countsMarkers(seed));
});

import { describe, it } from 'vitest';
import { checkPolicies } from './fuzz/policies.ts';
import { seedsOf } from './fuzz/seeds.ts';

describe.each(seedsOf('policies'))('random policies of seed %i', (seed) => {
  it(
    'never show what the profile secrets-only hides, and nothing without a source that they hide for some source',
    { timeout: 180_000 },
    () => checkPolicies(seed),
  );
});

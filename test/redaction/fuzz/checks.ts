import { checkCaptures } from './captures.ts';
import { checkGates } from './gates.ts';
import { checkPolicies } from './policies.ts';
import { checkValues } from './values.ts';

/** What must hold for every seed, by name; each throws with what it saw when it does not. */
export const checks: Readonly<Record<string, (seed: number) => Promise<void> | void>> = {
  captures: checkCaptures,
  values: checkValues,
  gates: checkGates,
  policies: checkPolicies,
};

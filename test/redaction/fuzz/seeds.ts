/** Seeds of every run of the tests, by check: the same for everybody, so that what fails was changed. `npm run fuzz` looks for others. */
const ours: Readonly<Record<string, readonly number[]>> = {
  captures: [1, 2, 3, 4, 5, 6],
  values: [1, 2, 3, 4],
  gates: [1, 2],
  policies: [1, 2, 3, 4],
};

/** The seeds of a check: `FUZZ_SEED` chooses one instead. */
export function seedsOf(check: string): readonly number[] {
  const chosen = process.env.FUZZ_SEED;
  return chosen === undefined ? (ours[check] ?? []) : [Number(chosen)];
}

import type { SecretRules, TokenForm } from '../protocol/secret-rules.ts';
import { codeRoots, codes, plainWords, wholeLine } from './detectors/assigned-value.ts';
import { sets } from './detectors/characters.ts';
import { listSchemes, schemesBefore, wordSchemes } from './detectors/schemes.ts';
import { urlNames } from './detectors/url-names.ts';
import { vendors } from './detectors/vendors.ts';

/** Characters of a detector's set, as they are written for agents; the dash last, where it stands for itself. */
const written: [set: number, characters: string][] = [
  [sets.digit, '0-9'],
  [sets.upper, 'A-Z'],
  [sets.lower, 'a-z'],
  [sets.word & ~sets.alnum, '_'],
  [sets.token & ~sets.base64, '.'],
  [sets.base64 & ~sets.url64, '+/'],
  [sets.url64 & ~sets.word, '-'],
];

const charactersOf = (set: number): string =>
  written.map(([part, characters]) => ((set & part) === 0 ? '' : characters)).join('');

function tokenForms(): TokenForm[] {
  const forms = new Map<string, TokenForm>();
  for (const { rule, prefix, set, min, max } of vendors) {
    const form = { rule, characters: charactersOf(set), min, max };
    const key = JSON.stringify(form);
    const known = forms.get(key);
    if (known === undefined) forms.set(key, { ...form, prefixes: [prefix] });
    else known.prefixes.push(prefix);
  }
  return [...forms.values()];
}

/**
 * What agents hide in texts of the program: the detectors of secrets that need no guessing, in the form they travel in. No policy changes it:
 * secrets are hidden everywhere.
 */
export const secretRules: SecretRules = {
  tokens: tokenForms(),
  schemes: [
    ...wordSchemes,
    ...listSchemes.map((scheme) => `${scheme}=`),
    ...Object.entries(schemesBefore).map(([scheme, first]) => `${scheme}=${first}`),
  ],
  harmlessValues: [...plainWords],
  instructions: ['your', 'insert', 'put', 'enter', 'replace'],
  codeRoots: [...codeRoots],
  wholeLines: [...wholeLine],
  codes: [...codes],
  urlNames: [...urlNames],
};

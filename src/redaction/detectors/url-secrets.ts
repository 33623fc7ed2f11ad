import { announcing } from './announcing.ts';
import type { Detector, Finding } from './detector.ts';
import { Shape } from './traits.ts';

/** Parameters that are secret in a URL although their names say little elsewhere, with the shortest value that counts. */
const names =
  'sig|signature|key|auth|code|hash|hmac|ticket|invite|nonce|state|x-goog-signature|x-amz-signature|x-amz-credential|x-amz-security-token';
const named = announcing(names);
const parameter = new RegExp(`[?&#;](${names})=([^&#\\s"'<>]{1,4096})`, 'gi');
const minChars: Record<string, number> = { sig: 8, signature: 8, key: 16, auth: 8, hash: 32, nonce: 64, state: 64 };
const minCharsOfOthers = 16;

/** Signatures, codes and keys in the query or fragment of a URL. */
export const urlSecrets: Detector = {
  name: 'url-secrets',
  kind: 'secret',
  couldHold: ({ equals, announced, shapes }) => equals && (announced & named) !== 0 && (shapes & Shape.parameter) !== 0,
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const match of text.matchAll(parameter)) {
      const [whole, name = '', value = ''] = match;
      const end = match.index + whole.length;
      const min = minChars[name.toLowerCase()] ?? minCharsOfOthers;
      if (!(cut && end === text.length) && (value.length < min || /^[a-z_-]+$/.test(value))) continue;
      findings.push({ start: end - value.length, end, rule: 'url-secret' });
    }
    return findings;
  },
};

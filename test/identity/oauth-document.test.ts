import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkIdentity } from '../../src/identity/check-identity-policy.ts';
import { identityFile } from '../../src/identity/identity-policy.ts';
import { parseStrictYaml } from '../../src/lib/strict-yaml.ts';
import { lifeSeconds } from '../../src/oauth/configuration.ts';

const text = readFileSync(new URL('../../docs/oauth.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => ({ yaml, first: yaml.split('\n')[0] }));

describe('docs/oauth.md', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(1);
  });

  it.each(examples)('shows what identity.yaml may say: $first', ({ yaml }) => {
    expect(checkIdentity(parseStrictYaml(yaml, 'identity.yaml', identityFile))).toEqual([]);
  });

  it('tells how long things last as they do', () => {
    const day = 86_400;
    for (const [what, says] of [
      ['a sign-in in the browser', `${lifeSeconds.Interaction / 60} minutes`],
      ['code', `${lifeSeconds.AuthorizationCode} seconds, once`],
      ['access token', `${lifeSeconds.AccessToken / 3_600} hour`],
      ['refresh token', `${lifeSeconds.RefreshToken / day} days since`],
      ['grant: the *Allow* of one client', `${lifeSeconds.Grant / day} days,`],
      [
        'overlap, in which a used refresh token is served again',
        `${identityFile.parse({}).sign_in.refresh_overlap_seconds} seconds;`,
      ],
    ]) {
      expect(text).toContain(`| ${what} | ${says}`);
    }
  });
});

import { eachOccurrence, endOf, isIn, sets } from './characters.ts';
import type { Detector, Finding } from './detector.ts';

interface Vendor {
  rule: string;
  prefix: string;
  /** Characters of the token after its prefix. */
  set: number;
  min: number;
  max: number;
}

const vendor = (rule: string, prefixes: string, set: number, min: number, max = 512): Vendor[] =>
  prefixes.split(' ').map((prefix) => ({ rule, prefix, set, min, max }));

/** Prefixes the vendors document, with the shortest body they issue. */
export const vendors: readonly Vendor[] = [
  ...vendor('aws-key', 'AKIA ASIA ABIA ACCA', sets.upper | sets.digit, 16, 16),
  ...vendor('github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', sets.alnum, 30),
  ...vendor('github-token', 'github_pat_', sets.word, 40),
  ...vendor('gitlab-token', 'glpat- gldt- glrt- glptt- glcbt- glsoat- gloas-', sets.url64, 20),
  ...vendor('slack-token', 'xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxc- xoxd- xapp-', sets.url64, 10),
  ...vendor('slack-token', 'hooks.slack.com/services/', sets.base64, 20),
  ...vendor('stripe-key', 'sk_live_ sk_test_ rk_live_ rk_test_ whsec_', sets.alnum, 16),
  ...vendor('google-key', 'AIza', sets.url64, 35, 35),
  ...vendor('google-key', 'GOCSPX- ya29.', sets.url64, 20),
  ...vendor('npm-token', 'npm_', sets.alnum, 36),
  ...vendor('ai-key', 'sk-ant- sk-proj- sk-or-v1- sk-svcacct-', sets.url64, 16),
  ...vendor('ai-key', 'sk-', sets.alnum, 20),
  ...vendor('ai-key', 'hf_ gsk_ r8_ xai-', sets.alnum, 30),
  ...vendor('sidelight-key', 'slk_ sle_ sla_ slr_ slc_', sets.word, 24),
  ...vendor('vendor-token', 'SG.', sets.token, 60),
  ...vendor('vendor-token', 'dop_v1_ doo_v1_ dor_v1_', sets.alnum, 60),
  ...vendor('vendor-token', 'shpat_ shpca_ shppa_ shpss_', sets.alnum, 32),
  ...vendor('vendor-token', 'pypi- rubygems_ dckr_pat_ atlasv1. hvs. hvb. dapi', sets.url64, 27),
  ...vendor('vendor-token', 'sq0atp- sq0csp- EAAA', sets.url64, 22),
  ...vendor('vendor-token', 'lin_api_ ntn_ secret_ pul- PMAK- figd_ glsa_ sntrys_ sntryu_ key-', sets.url64, 32),
  ...vendor('vendor-token', 'AGE-SECRET-KEY-1', sets.alnum, 50),
];

/** Tokens that their vendor made recognisable; a body without digits and upper case is a name, not a token. */
export const vendorTokens: Detector = {
  name: 'vendor-tokens',
  kind: 'secret',
  couldHold: ({ longestRun, cut }) => longestRun >= 10 || cut,
  find(text, { cut }) {
    const findings: Finding[] = [];
    for (const { rule, prefix, set, min, max } of vendors) {
      let after = 0;
      eachOccurrence(text, prefix, (at) => {
        const from = at + prefix.length;
        if (at < after || isIn(text, at - 1, sets.alnum)) return;
        const end = endOf(text, from, set, max);
        const open = cut && end === text.length && end > from;
        after = end;
        if (!open && (end - from < min || isIn(text, end, sets.alnum) || !/[0-9A-Z]/.test(text.slice(from, end)))) return;
        findings.push({ start: at, end, rule });
      });
    }
    return findings;
  },
};

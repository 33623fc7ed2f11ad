import { sets } from './characters.ts';

/** How the tokens of one vendor can be told from other text. */
export interface Vendor {
  rule: string;
  /** What each token begins with: at least two ASCII characters, the first of them a letter or digit. */
  prefix: string;
  /** Characters of the token after its prefix, as in `sets`; a dot at the very end is not counted among them. */
  set: number;
  /** Shortest and longest body that is issued, in characters; a longer run is something else. */
  min: number;
  max: number;
}

const longest = 512;
const vendor = (rule: string, prefixes: string, set: number, min: number, max = longest): Vendor[] =>
  prefixes.split(' ').map((prefix) => ({ rule, prefix, set, min, max }));
const other = (prefixes: string, set: number, min: number, max?: number): Vendor[] =>
  vendor('vendor-token', prefixes, set, min, max);

const { alnum, word, url64, base64 } = sets;
const upper = sets.upper | sets.digit;
const upperDashed = url64 & ~(sets.lower | (word & ~alnum));
const dotted = sets.token & ~(base64 & ~url64);

/** Prefixes that the vendors document, with the shortest body they issue. */
export const vendors: readonly Vendor[] = [
  ...vendor('aws-key', 'AKIA ASIA ABIA ACCA', upper, 16, 16),
  ...vendor('aws-key', 'ABSK', base64, 100),
  ...vendor('aws-key', 'bedrock-api-key-', base64, 20, 4_096),
  ...vendor('github-token', 'ghp_ gho_ ghu_ ghs_ ghr_', alnum, 30),
  ...vendor('github-token', 'github_pat_', word, 40),
  ...vendor(
    'gitlab-token',
    'glpat- gldt- glrt- glrtr- glptt- glcbt- glsoat- gloas- glft- glffct- glimt- glagent- glwt-',
    dotted,
    20,
  ),
  ...vendor('gitlab-token', 'GR1348941', url64, 20),
  ...vendor('slack-token', 'xoxb- xoxp- xoxa- xoxr- xoxs- xoxe- xoxc- xoxd- xapp- xoxe.xoxp- xoxe.xoxb-', url64, 10),
  ...vendor('slack-token', 'hooks.slack.com/services/ hooks.slack.com/workflows/ hooks.slack.com/triggers/', base64, 20),
  ...vendor('stripe-key', 'sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ whsec_', alnum, 10),
  ...vendor('google-key', 'AIza', url64, 35, 35),
  ...vendor('google-key', 'GOCSPX- ya29.', url64, 20),
  ...vendor('google-key', '1//0', url64, 60),
  ...vendor('npm-token', 'npm_', alnum, 36),
  ...vendor('ai-key', 'sk-ant- sk-proj- sk-or-v1- sk-svcacct- sk-admin- sk-lf-', url64, 16),
  ...vendor('ai-key', 'sk-', alnum, 20),
  ...vendor('ai-key', 'sk_', alnum, 48, 48),
  ...vendor('ai-key', 'hf_ api_org_', alnum, 30, 40),
  ...vendor('ai-key', 'gsk_ r8_ xai- pplx- csk- tgp_v1_ jina_', alnum, 30),
  ...vendor('ai-key', 'lsv2_pt_ lsv2_sk_ pcsk_', word, 40),
  ...vendor('ai-key', 'nvapi-', url64, 40),
  ...vendor('sidelight-key', 'slk_ sle_ sla_ slr_ slc_', word, 24),

  // Clouds and hosting.
  ...other('LTAI', alnum, 12, 24),
  ...other('AKID', alnum, 32, 32),
  ...other('AQVN', url64, 35),
  ...other('y0_ y1_ y2_ y3_', url64, 50),
  ...other('t1.', dotted, 80),
  ...other('dop_v1_ doo_v1_ dor_v1_', alnum, 60),
  ...other('HRKU-', url64, 36),
  ...other('fo1_', url64, 43, 43),
  ...other('fm1a_ fm1r_ fm2_', base64, 100, 4_096),
  ...other('v1.0-', url64, 171, 171),
  ...other('tk-us-', url64, 48),
  ...other('nfp_', alnum, 36),
  ...other('vcp_ vci_ vca_ vcr_ vck_', alnum, 24),
  ...other('rnd_', alnum, 28, 32),
  ...other('sbp_', alnum, 40),
  ...other('sb_secret_', url64, 20),
  ...other('napi_', alnum, 50),
  ...other('pscale_pw_ pscale_tkn_ pscale_oauth_', dotted, 32),
  ...other('mdb_sa_sk_', url64, 40),
  ...other('sha256~', url64, 43, 43),
  ...other('tskey-auth- tskey-api- tskey-client-', url64, 20),
  ...other('dnkey-', url64, 79, 79),

  // Building, packages, infrastructure.
  ...other('pypi-', url64, 50, 1_024),
  ...other('rubygems_', alnum, 48, 48),
  ...other('dckr_pat_ dckr_oat_', url64, 27),
  ...other('cio', alnum, 32, 32),
  ...other('oy2', alnum, 43, 43),
  ...other('CLOJARS_', alnum, 60, 60),
  ...other('AKCp', alnum, 69, 69),
  ...other('cmVmd', alnum, 59, 59),
  ...other('hvs. hvb. hvr.', url64, 24),
  ...other('dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', dotted, 40),
  ...other('pul-', alnum, 40, 40),
  ...other('pnu_ pnb_', alnum, 36),
  ...other('API-', upper, 26, 26),
  ...other('bkua_', alnum, 40),
  ...other('CCIPAT_ CCIPRJ_', word, 40),
  ...other('pat. sat.', dotted, 68, 68),
  ...other('sgp_', word, 40),
  ...other('squ_ sqp_ sqa_', alnum, 40, 40),
  ...other('ops_', base64, 200, 8_192),
  ...other('A3-', upperDashed, 36, 37),
  ...other('AGE-SECRET-KEY-1 AGE-PLUGIN-', upperDashed, 50),

  // Data, observability.
  ...other('dapi', alnum, 32, 32),
  ...other('dose dkea', alnum, 32, 32),
  ...other('4b1d', alnum, 38, 38),
  ...other('cflt', alnum, 60),
  ...other('essu_', base64, 40),
  ...other('glsa_', word, 41),
  ...other('glc_ eyJrIjoi', base64, 32),
  ...other('NRAK- NRII- NRIQ- NRRA- NRJS-', url64, 19, 40),
  ...other('sntryu_ sntrya_', alnum, 64),
  ...other('sntrys_', base64, 60, 1_024),
  ...other('dt0c01. dt0s01.', dotted, 80),
  ...other('phx_', alnum, 43),
  ...other('sdk-', url64, 36, 36),

  // Payment and shops.
  ...other('shpat_ shpca_ shppa_ shpss_ shptka_', alnum, 32),
  ...other('sq0atp- sq0csp-', url64, 22),
  ...other('EAAA', url64, 22, 64),
  ...other('rzp_live_ rzp_test_', alnum, 14),
  ...other('FLWSECK_TEST- FLWSECK- FLWPUBK_TEST-', url64, 12),
  ...other('EZAK EZTK', alnum, 54, 54),
  ...other('shippo_live_ shippo_test_', alnum, 40),
  ...other('duffel_live_ duffel_test_', url64, 40),
  ...other('access-production- access-development- access-sandbox-', url64, 36, 36),
  ...other('A21AA', url64, 80),
  ...other('sm_pat_ sm_aat_ sm_sat_', alnum, 16, 16),

  // Mail, messages, documents, other services.
  ...other('discord.com/api/webhooks/ discordapp.com/api/webhooks/ IncomingWebhook/', base64, 40),
  ...other('hooks.zapier.com/hooks/catch/', base64, 10),
  ...other('SG.', dotted, 60),
  ...other('key- pubkey-', alnum, 32, 32),
  ...other('xkeysib- xsmtpsib-', url64, 80),
  ...other('re_', word, 33, 33),
  ...other('SK', alnum, 32, 32),
  ...other('pat-na1- pat-na2- pat-eu1-', url64, 36),
  ...other('dG9r', base64, 50, 60),
  ...other('lin_api_ lin_oauth_', alnum, 40),
  ...other('ntn_', alnum, 40, 50),
  ...other('secret_', alnum, 43, 43),
  ...other('pat', dotted, 79, 79),
  ...other('PMAK-', url64, 50),
  ...other('figd_', url64, 40),
  ...other('CFPAT-', url64, 43),
  ...other('ATATT3 ATCTT3', url64, 60),
  ...other('ATBB', alnum, 32, 32),
  ...other('ATTA', alnum, 72, 72),
  ...other('p8e-', alnum, 32, 32),
  ...other('tfp_', word, 40),
  ...other('fio-u-', url64, 64, 64),
  ...other('rdme_', alnum, 70, 70),
  ...other('apify_api_', alnum, 30),
  ...other('sk.eyJ', dotted, 60),
  ...other('EAAM EAAC EAAG EAAB EAAF EAAI', alnum, 100, 1_024),
  ...other('s-s4t2ud- s-s4t2af-', alnum, 64, 64),
  ...other('perm- perm:', dotted, 60),
];

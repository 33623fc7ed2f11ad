import { assignments } from './assignments.ts';
import { authorization } from './authorization.ts';
import { blockScalars } from './block-scalars.ts';
import { card } from './card.ts';
import { commandLine } from './command-line.ts';
import type { Detector } from './detector.ts';
import { email } from './email.ts';
import { entropy } from './entropy.ts';
import { formData } from './form-data.ts';
import { iban } from './iban.ts';
import { ip } from './ip.ts';
import { jsonContainers } from './json-containers.ts';
import { jwt } from './jwt.ts';
import { mac } from './mac.ts';
import { markup } from './markup.ts';
import { nationalIds } from './national-ids.ts';
import { pem } from './pem.ts';
import { phone } from './phone.ts';
import { prose } from './prose.ts';
import { protocolLines } from './protocol-lines.ts';
import { sentences } from './sentences.ts';
import { shapedTokens } from './shaped-tokens.ts';
import { sql } from './sql.ts';
import { ssn } from './ssn.ts';
import { urlPasswords } from './url-passwords.ts';
import { urlSecrets } from './url-secrets.ts';
import { vendorTokens } from './vendor-tokens.ts';
import { wallets } from './wallets.ts';

/** All detectors. Where findings overlap, secrets win over personal data and what stands earlier here names the rule. */
export const detectors: readonly Detector[] = [
  pem,
  jwt,
  vendorTokens,
  shapedTokens,
  urlPasswords,
  assignments,
  jsonContainers,
  authorization,
  commandLine,
  sql,
  markup,
  formData,
  blockScalars,
  sentences,
  protocolLines,
  urlSecrets,
  entropy,
  email,
  card,
  iban,
  ssn,
  nationalIds,
  wallets,
  phone,
  ip,
  mac,
  prose,
];

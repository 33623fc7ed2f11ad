/** Schemes of the Authorization header whose credential is one word, in lower case. */
export const wordSchemes = [
  'bearer',
  'basic',
  'negotiate',
  'ntlm',
  'dpop',
  'apikey',
  'api-token',
  'apitoken',
  'ssws',
  'geniekey',
  'splunk',
  'sharedaccesssignature',
];

/** Schemes whose credential is a list of parameters: HTTP Digest, signatures of AWS and of HTTP messages, OAuth 1.0, Hawk. */
export const listSchemes = ['digest', 'signature', 'oauth', 'hawk', 'aws4-hmac-sha256', 'aws4-ecdsa-p256-sha256'];

/** Words that are such a scheme only before this parameter. */
export const schemesBefore: Record<string, string> = { token: 'token', mac: 'id' };

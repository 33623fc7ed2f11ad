/** Names, in lower case, of what is secret in the query of a URL although they say little elsewhere; values of 16 characters and more. */
export const urlNames = [
  'sig',
  'signature',
  'key',
  'auth',
  'code',
  'hmac',
  'ticket',
  'invite',
  'x-goog-signature',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
];

/** Endings that make a name harmless: what it holds is about the secret, not the secret. */
export const harmlessEndings: readonly string[] = (
  'count, length, len, size, type, kind, name, policy, field, label, placeholder, url, uri, endpoint, ' +
  'path, file, filename, dir, expiry, expire, expires, expired, expiration, expires at, expires in, ttl, ' +
  'age, lifetime, date, time, timestamp, at, created, updated, enabled, disabled, required, valid, ' +
  'invalid, strength, rule, regex, pattern, format, limit, budget, usage, used, remaining, min, max, id, ' +
  'version, provider, service, manager, store, factory, handler, validator, generator, parser, ' +
  'middleware, config, options, settings, error, status, state, attempt, changed, mode, source, ' +
  'prefix, scheme, algorithm, alg, issuer, audience, scope, index, position, verified, confirmed, sent, ' +
  'template, subject, domain, queue, client, preference, notification, column, input type, bytes, class, ' +
  'prompt tokens, completion tokens, input tokens, output tokens, total tokens, max tokens, ' +
  'cached tokens, reasoning tokens, new tokens, method, variable, ms, seconds, chars'
).split(', ');

/** Beginnings that make a name harmless: a question or a number about the secret. */
export const harmlessBeginnings: readonly string[] = (
  'is, has, should, can, needs, requires, require, must, allow, allows, enable, num, count, total, max, ' + 'min, on'
).split(', ');

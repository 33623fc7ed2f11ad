import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/protocol/value.ts';
import { parseJsonText } from '../../src/redaction/json-text.ts';
import { answerOf, captureOf } from './capture-data.ts';

const secret = 'sommer';

/** The value as a hit shows it, and whether a second look changes anything. */
async function shown(value: unknown): Promise<string> {
  const data = captureOf({ problem: parseJsonText(JSON.stringify(value)) as Value });
  return JSON.stringify((await answerOf(data)).hit.variables.problem);
}

describe('a field that names a secret', () => {
  it.each([
    'name',
    'key',
    'path',
    'instancePath',
    'dataPath',
    'schemaPath',
    'label',
    'id',
    'column',
    'attribute',
    'fieldName',
    'PARAM_NAME',
  ])('called %s hides what its siblings hold', async (field) => {
    expect(await shown({ [field]: 'password', value: secret, code: 'short' })).toMatch(
      /"value":"\[REDACTED:password#\w+\]","code":"short"/,
    );
  });

  it('never makes a sibling harmless that names a secret itself', async () => {
    for (const field of ['name', 'key', 'path', 'id'])
      expect(await shown({ [field]: 'email', passwordValue: secret, tokenText: 'a1b2c3' })).toMatch(
        /"passwordValue":"\[REDACTED:password#\w+\]","tokenText":"\[REDACTED:token#\w+\]"/,
      );
    expect(await shown({ name: 'password', emailValue: secret })).toMatch(/"emailValue":"\[REDACTED:password/);
  });

  it.each(
    'value val data received newValue oldValue defaultValue raw input stringValue actual got original text content before after current from to'.split(
      ' ',
    ),
  )('hides the sibling %s', async (field) => {
    expect(await shown({ path: 'password', [field]: secret })).toMatch(/\[REDACTED:password/);
  });

  it.each([
    ['a pointer', '/password'],
    ['a pointer into a list', '/users/0/password'],
    ['a path', 'user.password'],
    ['a path with brackets', "body['password'][0]"],
    ['a place in a schema', '#/properties/user/properties/password/minLength'],
    ['a list of names', ['user', 'password']],
    ['a list of names and indexes', ['users', 0, 'password', 1]],
    ['a name that two parts give', '/session/id'],
    ['a repeated name', 'password_confirmation'],
    ['a caption', 'New password (again)'],
  ])('may be %s', async (_, path) => {
    expect(await shown({ label: 'field', path, value: secret })).not.toContain(secret);
    expect(await shown({ path, value: [secret, { a: secret }] })).not.toContain(secret);
  });

  it('hides personal data where it is the last name only', async () => {
    expect(await shown({ path: ['customer', 'email'], value: 'grün bei web' })).toMatch(/\[REDACTED:email/);
    expect(await shown({ path: ['email', 'sent', 'day'], value: 'on friday at 5' })).toContain('friday');
  });

  it('hides under the key that it is, too', async () => {
    expect(
      await shown({ errors: [{ instancePath: '/password', keyword: 'minLength', params: { limit: 8 }, data: secret }] }),
    ).toMatch(/"keyword":"minLength","params":\{"limit":8\},"data":"\[REDACTED:password/);
  });

  it.each([
    ['a type', { name: 'token', default: 'none' }],
    ['what is said of it', { name: 'password', value: 'required' }],
    ['its translation', { key: 'password', text: 'Passwort' }],
    ['its caption', { name: 'email', text: 'E-Mail' }],
    ['the caption of a number', { id: 'phone', text: 'Telefon' }],
    ['what a button says', { label: 'Reset password', value: 'by mail' }],
    ['what a template holds', { id: 'password-reset-mail', text: 'Hello' }],
    ['the request to such a path', { method: 'POST', path: '/password/reset', data: { step: 'two' } }],
    ['the file of such a name', { path: 'src/token.ts', content: 'export {}' }],
    ['its length', { path: 'password.length', value: 8 }],
    ['names that say nothing', { path: 'total', value: 'much', data: 'more' }],
  ])('does not hide %s', async (_, value) => {
    expect(await shown(value)).toBe(JSON.stringify(value));
  });

  it('does not let a field decide that has more text than a name', async () => {
    const text = `${'what they say about each of us and '.repeat(2)} password`;
    expect(await shown({ name: text, value: 'open' })).toContain('"value":"open"');
  });
});

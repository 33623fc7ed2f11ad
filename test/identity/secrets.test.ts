import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../src/identity/secrets.ts';

const secrets = createSecrets(Buffer.alloc(32, 1));

describe('secrets derived from one master', () => {
  it('are the same for a purpose, and others for another purpose or master', () => {
    expect(secrets.derive('cookies')).toEqual(createSecrets(Buffer.alloc(32, 1)).derive('cookies'));
    expect(secrets.derive('cookies')).not.toEqual(secrets.derive('audit'));
    expect(secrets.derive('cookies')).not.toEqual(createSecrets(Buffer.alloc(32, 2)).derive('cookies'));
    expect(secrets.derive('cookies')).toHaveLength(32);
  });

  it('open what they sealed, and nothing that was altered, cut or meant for something else', () => {
    const sealed = secrets.seal('token', 'päss \u0000 word');
    expect(secrets.open('token', sealed)).toBe('päss \u0000 word');
    expect(secrets.open('other', sealed)).toBeUndefined();
    expect(createSecrets(Buffer.alloc(32, 2)).open('token', sealed)).toBeUndefined();
    const bytes = Buffer.from(sealed, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(secrets.open('token', altered.toString('base64url')), `byte ${at}`).toBeUndefined();
      expect(secrets.open('token', bytes.subarray(0, at).toString('base64url')), `cut at ${at}`).toBeUndefined();
    }
  });

  it('seal the same text differently each time', () => {
    expect(secrets.seal('token', 'same')).not.toBe(secrets.seal('token', 'same'));
  });
});

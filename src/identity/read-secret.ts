import { readFile } from 'node:fs/promises';
import { Refusal } from '../lib/refusal.ts';
import type { SecretSource } from './identity-policy.ts';

/** The secret that a policy names, without the line end files have. Refuses with `unavailable` when it is not there. */
export async function readSecret(source: SecretSource, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  if ('env' in source) {
    const value = env[source.env]?.trim() ?? '';
    if (value === '') throw missing(`The environment variable ${source.env}, which identity.yaml names, is not set.`);
    return value;
  }
  const text = await readFile(source.file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw missing(`The file ${source.file}, which identity.yaml names, cannot be read (${cause.code}).`);
  });
  if (text.trim() === '') throw missing(`The file ${source.file}, which identity.yaml names, is empty.`);
  return text.trim();
}

function missing(message: string): Refusal {
  return new Refusal({ code: 'unavailable', message, field: 'identity.yaml', next: 'Provide the secret and start again.' });
}

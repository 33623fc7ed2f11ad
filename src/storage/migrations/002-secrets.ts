import type { Migration } from './migration.ts';

/** Random secrets of the installation, made when first asked for; for example the key of redaction tags. */
export const secrets: Migration = {
  version: 2,
  name: 'secrets',
  statements: ['create table secrets (name text primary key, secret text not null)'],
};

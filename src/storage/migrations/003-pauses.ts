import type { Migration } from './migration.ts';

/** Organisations whose agents an operator has paused. */
export const pauses: Migration = {
  version: 3,
  name: 'pauses',
  statements: ['create table paused_orgs (org text primary key, paused_at int8 not null)'],
};

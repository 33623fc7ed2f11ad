import type { Migration } from './migration.ts';

/* What replicas must have in common beside their policies, as hashes. Bridges of before leave them empty. */
export const alike: Migration = {
  version: 9,
  name: 'alike',
  statements: ['alter table replicas add column bus_hash text', 'alter table replicas add column public_url_hash text'],
};

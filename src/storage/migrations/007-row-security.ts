import type { Migration } from './migration.ts';

/** Every table whose rows belong to an organisation. */
const tables = ['api_keys', 'quota_counters', 'actions', 'action_targets', 'hits', 'agents', 'audit', 'paused_orgs', 'people'];

/** A second wall between organisations: a session sees the rows of the one it was told, of all where it was told `*`, and else none. */
export const rowSecurity: Migration = {
  version: 7,
  name: 'row-security',
  statements: tables.flatMap((table) => [
    `alter table ${table} enable row level security`,
    // The bridge usually owns its tables, and owners pass otherwise.
    `alter table ${table} force row level security`,
    `create policy one_org on ${table} using (org = current_setting('sidelight.org', true) or current_setting('sidelight.org', true) = '*')`,
  ]),
};

import type { Migration } from './migration.ts';

/*
 * Every record has a place in the chain of the node that wrote it; records from before have none. `audit_chains` is where each
 * chain ends, changed in the statement that appends. The chain is over all organisations, so these tables have none.
 */
export const auditChain: Migration = {
  version: 6,
  name: 'audit chain',
  statements: [
    'alter table audit add column node text, add column node_seq int8, add column code text',
    'create unique index audit_chain on audit (node, node_seq)',
    'create table audit_chains (node text primary key, seq int8 not null, code text not null)',
    `create table audit_checkpoints (
      node text not null,
      kind text not null,
      seq int8 not null,
      signed text not null,
      primary key (node, kind, seq)
    )`,
  ],
};

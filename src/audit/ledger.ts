import type { Checkpoint } from './checkpoint.ts';
import type { AuditEvent } from './events.ts';
import type { AuditRecord, AuditStore } from './record.ts';

/** A place in the chain of a node: number of a record, counted from 1 without gaps, and its code. */
export interface Link {
  seq: number;
  code: string;
}

/** A record with its place; both are absent of records from before chains were kept. */
export type PlacedRecord = AuditRecord & { node?: string; seq?: number };

/** A row of the trail as it is stored, to be checked. */
export interface ChainRow extends Link {
  node: string;
  /** The columns that rows are searched by; they must say what the text says. */
  org: string;
  at: number;
  text: string;
}

/** A row as it is exported. `previous` is absent where the row before is gone and was not covered by an anchor. */
export interface ExportedRow {
  /** Place among the rows of all nodes; only for paging. */
  position: number;
  code?: string;
  previous?: string;
  text: string;
}

/** What is asked of the trail. All that is given must hold; instants are milliseconds since the epoch, `until` is not included. */
export interface AuditQuery {
  since?: number;
  until?: number;
  subject?: string;
  tool?: string;
  event?: AuditEvent;
  decision?: AuditRecord['decision'];
  /** The id of an action. */
  action?: string;
  limit: number;
}

/** What checking a trail needs, wherever it is kept. */
export interface ChainSource {
  /** Nodes that wrote, or of which a checkpoint or an anchor tells. */
  nodes(): Promise<string[]>;
  /** Rows of a node by number, from the lowest. */
  rows(node: string): AsyncIterable<ChainRow>;
  /** The end of a chain as its writer left it; undefined where that is not known. */
  end(node: string): Promise<Link | undefined>;
  checkpoints(node: string): Promise<Checkpoint[]>;
  /** The newest anchor, or the place after which the rows begin where that is told. */
  anchor(node: string): Promise<Checkpoint | Link | undefined>;
}

/** Everything that storage does for the trail. */
export interface AuditLedger extends AuditStore, ChainSource {
  /** Newest first. */
  search(org: string, query: AuditQuery): Promise<PlacedRecord[]>;
  /** The code of one record. */
  codeAt(node: string, seq: number): Promise<string | undefined>;
  /** Rows from before chains were kept, and the number of rows that stand outside of every chain although they are newer. */
  outside(): Promise<{ before: number; strange: number }>;
  /** First and last position of rows of these instants; undefined when there are none. */
  range(since: number, until: number): Promise<{ first: number; last: number } | undefined>;
  exportPage(first: number, last: number, limit: number): Promise<ExportedRow[]>;
  lastCheckpoint(node: string): Promise<Checkpoint | undefined>;
  addCheckpoint(checkpoint: Checkpoint): Promise<void>;
}

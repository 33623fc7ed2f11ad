import { matchesGlob } from '../lib/glob.ts';
import {
  type AllowList,
  applies,
  defaultRedactionPolicy,
  type Profile,
  type RedactionPolicies,
  type RedactionPolicy,
  type RedactionSource,
} from './policy.ts';
import { rules } from './rules.ts';

/** What the file says for every source, or an entry for some. */
export interface Say extends Partial<Pick<RedactionPolicy, 'profile' | 'tags'>>, Pick<RedactionPolicy, 'names' | 'patterns'> {
  show: string[];
  hide: string[];
  allowList?: AllowList;
}

/** An entry of `sources`: what it says, and for whom, as globs. */
export interface SourceSay extends Say, RedactionSource {}

/** Policies kept made; more only come from services that are named to fit many sets of entries. */
const maxKept = 1_000;
/** From the one that hides least. */
const byStrictness: readonly Profile[] = ['secrets-only', 'debug', 'strict'];
const personal = Object.keys(rules).filter((rule) => rules[rule]?.kind === 'personal');

/**
 * The policy of each source: all entries that fit add to what the file says, in no order. What an entry says of a profile, tags, a class
 * or an allow-list stands in for what the file says of it; of two entries that differ, the one that hides more holds.
 */
export function policiesOf(file: Say, entries: readonly SourceSay[]): RedactionPolicies {
  const made = new Map<string, RedactionPolicy>();
  const everywhere = frozen(together(file, []));
  const base = entries.length === 0 ? everywhere : frozen(strictestOf(file, entries));
  return {
    for(source) {
      if (source === undefined) return base;
      const fitting = [...entries.entries()].filter(([, { pool, service }]) => {
        return matchesGlob(pool, source.pool) && matchesGlob(service, source.service);
      });
      if (fitting.length === 0) return everywhere;
      const key = fitting.map(([index]) => index).join();
      const known = made.get(key);
      if (known !== undefined) return known;
      const policy = frozen(
        together(
          file,
          fitting.map(([, entry]) => entry),
        ),
      );
      if (made.size >= maxKept) made.clear();
      made.set(key, policy);
      return policy;
    },
    base,
  };
}

function together(file: Say, entries: readonly Say[]): RedactionPolicy {
  const all = [file, ...entries];
  const lists = entries.flatMap(({ allowList }) => allowList ?? []);
  const hide = new Set(entries.flatMap((entry) => entry.hide));
  const shownHere = new Set(entries.flatMap(({ show }) => show).filter((rule) => !hide.has(rule)));
  for (const rule of file.hide) if (!shownHere.has(rule)) hide.add(rule);
  return {
    profile: strictest(entries.flatMap(({ profile }) => profile ?? [])) ?? file.profile ?? defaultRedactionPolicy.profile,
    tags: tagsOf(entries) ?? file.tags ?? defaultRedactionPolicy.tags,
    names: merged(all.map(({ names }) => names)),
    show: [...new Set([...shownHere, ...file.show])],
    hide: [...hide],
    patterns: merged(all.map(({ patterns }) => patterns)),
    allowLists: lists.length > 0 ? lists : file.allowList === undefined ? [] : [file.allowList],
  };
}

/** A class that any entry alone hides is hidden: entries together never hide another. */
function strictestOf(file: Say, entries: readonly Say[]): RedactionPolicy {
  const policies = [together(file, []), ...entries.map((entry) => together(file, [entry]))];
  const all = together(file, entries);
  const hidden = personal.filter((rule) => policies.some((policy) => applies(policy, rule)));
  return {
    ...all,
    profile: strictest(policies.map(({ profile }) => profile)) ?? all.profile,
    tags: policies.every(({ tags }) => tags),
    show: personal.filter((rule) => !hidden.includes(rule)),
    hide: hidden,
    allowLists: [file, ...entries].flatMap(({ allowList }) => allowList ?? []),
  };
}

function strictest(profiles: readonly Profile[]): Profile | undefined {
  return byStrictness.findLast((profile) => profiles.includes(profile));
}

function tagsOf(entries: readonly Say[]): boolean | undefined {
  const said = entries.flatMap(({ tags }) => tags ?? []);
  return said.length === 0 ? undefined : said.every(Boolean);
}

/** Lists of one rule joined. */
function merged(records: readonly Record<string, string[]>[]): Record<string, string[]> {
  const joined: Record<string, string[]> = {};
  for (const record of records) {
    for (const [rule, list] of Object.entries(record)) joined[rule] = [...new Set([...(joined[rule] ?? []), ...list])];
  }
  return joined;
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

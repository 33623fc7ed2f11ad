import type { ActionRecord } from '../actions/action.ts';
import { compare, type Separator } from '../hits/compare.ts';
import { type Group, Sharing } from '../hits/groups.ts';
import { MissingPaths } from '../hits/missing.ts';
import { bytesOf } from '../hits/pages.ts';
import { Table } from '../hits/table.ts';
import type { ClosedHit, NextCall, View } from '../redaction/view.ts';
import { cutNote } from './hit-views.ts';

/** Bytes of paths in one answer; the best come first. */
const maxPathBytes = 40_000;

interface Comparing {
  actions: readonly ActionRecord[];
  hits: readonly ClosedHit[];
  a: Group;
  b: Group | undefined;
  /** Paths that are part of the question. */
  asked: ReadonlySet<string>;
  maxPaths: number;
}

/** The paths that tell two groups of hits apart. */
export function compareView({ actions, hits, a, b, asked, maxPaths }: Comparing): View {
  const sharing = new Sharing(a, b);
  const table = new Table();
  const groups: ('a' | 'b')[] = [];
  const unknown = new MissingPaths([a.where, b?.where].filter((where) => where !== undefined));
  return {
    hits,
    add(viewed) {
      unknown.add(viewed);
      const group = sharing.of(viewed);
      if (group === undefined) return;
      groups.push(group);
      table.add(viewed);
    },
    async done() {
      const { shares } = sharing;
      const empty = (['a', 'b'] as const).filter((name) => shares[name] === 0);
      const isEmpty = empty.length > 0;
      const missing = unknown.told();
      const { separators, counted } = isEmpty ? { separators: [], counted: {} } : await compare(table, groups, asked);
      const paths = fitting(separators.slice(0, maxPaths));
      const morePaths = separators.length - paths.length;
      return {
        structured: {
          groups: { ...shares, ...(missing.length === 0 ? {} : { missing }) },
          paths,
          ...(morePaths === 0 ? {} : { morePaths }),
          ...(isEmpty ? {} : { counted }),
        },
        notes: [
          ...(isEmpty
            ? [`There is nothing to compare: ${empty.join(' and ')} ${isSeveral(empty) ? 'have' : 'has'} no hit.`]
            : []),
          ...(missing.length === 0
            ? []
            : [
                `No hit has ${isSeveral(missing) ? `${missing.length} paths` : 'a path'} that where asks for: see groups.missing.`,
              ]),
          ...(shares.undecided === 0
            ? []
            : [
                `${shares.undecided} hits are in no group, because a condition cannot be worked out over them: see groups.reasons.`,
              ]),
          ...(shares.both === 0 ? [] : [`${shares.both} hits fit both groups and are in neither.`]),
          ...(shares.a === 1 && shares.b === 1
            ? ['One hit against one: every difference is told; more hits would tell which of them matter.']
            : []),
          ...(morePaths === 0 ? [] : [`${morePaths} more paths tell the groups apart, less well.`]),
          ...(table.isCut ? [cutNote] : []),
        ],
        ...(isEmpty || missing.length > 0 ? { next: nextOf(actions) } : {}),
      };
    },
  };
}

const isSeveral = (list: readonly unknown[]): boolean => list.length > 1;

/** Where to look when a group is not what was meant: at the paths and values there are, or at why there are none. */
function nextOf(actions: readonly ActionRecord[]): NextCall {
  const most = [...actions].sort((left, right) => right.hits - left.hits)[0];
  const args = { actionId: most?.id };
  if (most === undefined || most.hits === 0) return { tool: 'explain', why: 'It says why there are no hits.', arguments: args };
  return { tool: 'get_hits', why: 'Its summary has the paths and values there are.', arguments: { ...args, view: 'summary' } };
}

function fitting(separators: Separator[]): Separator[] {
  let bytes = 0;
  const beyond = separators.findIndex((separator) => {
    bytes += bytesOf(separator);
    return bytes > maxPathBytes;
  });
  return beyond === -1 ? separators : separators.slice(0, Math.max(1, beyond));
}

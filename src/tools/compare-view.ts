import { compare, type Separator } from '../hits/compare.ts';
import { type Group, Sharing } from '../hits/groups.ts';
import { bytesOf } from '../hits/pages.ts';
import { Table } from '../hits/table.ts';
import type { ClosedHit, View } from '../redaction/view.ts';
import { cutNote } from './hit-views.ts';

/** Bytes of paths in one answer; the best come first. */
const maxPathBytes = 40_000;

interface Comparing {
  hits: readonly ClosedHit[];
  a: Group;
  b: Group | undefined;
  /** Paths that are part of the question. */
  asked: ReadonlySet<string>;
  maxPaths: number;
}

/** The paths that tell two groups of hits apart. */
export function compareView({ hits, a, b, asked, maxPaths }: Comparing): View {
  const sharing = new Sharing(a, b);
  const table = new Table();
  const groups: ('a' | 'b')[] = [];
  return {
    hits,
    add(viewed) {
      const group = sharing.of(viewed);
      if (group === undefined) return;
      groups.push(group);
      table.add(viewed);
    },
    async done() {
      const { shares } = sharing;
      const isEmpty = shares.a === 0 || shares.b === 0;
      const { separators, counted } = isEmpty ? { separators: [], counted: {} } : await compare(table, groups, asked);
      const paths = fitting(separators.slice(0, maxPaths));
      const morePaths = separators.length - paths.length;
      return {
        structured: {
          groups: { ...shares },
          paths,
          ...(morePaths === 0 ? {} : { morePaths }),
          ...(isEmpty ? {} : { counted }),
        },
        notes: [
          ...(isEmpty ? [`There is nothing to compare: ${shares.a === 0 ? 'a' : 'b'} has no hit.`] : []),
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
      };
    },
  };
}

function fitting(separators: Separator[]): Separator[] {
  let bytes = 0;
  const beyond = separators.findIndex((separator) => {
    bytes += bytesOf(separator);
    return bytes > maxPathBytes;
  });
  return beyond === -1 ? separators : separators.slice(0, Math.max(1, beyond));
}

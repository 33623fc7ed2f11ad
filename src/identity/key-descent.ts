import { stateOf } from './key-state.ts';
import type { KeyRecord } from './keys.ts';

/** Names a key over its rotations: the first one's id. */
const familyOf = ({ id, firstId }: KeyRecord) => firstId ?? id;

/**
 * The keys that still open a door and that a key made, itself anew among them; and those that these made, and so on. `all` is every key of
 * the organisation, ended ones too: what a revoked key made may live.
 */
export function livingMadeBy(key: KeyRecord, all: readonly KeyRecord[], now: number): KeyRecord[] {
  const own = familyOf(key);
  const makers = new Set([own]);
  // A set grows while it is walked, so this reaches what the made ones made.
  for (const maker of makers) {
    for (const each of all) if (each.createdBy === `key:${maker}`) makers.add(familyOf(each));
  }
  return all.filter((each) => {
    if (!['live', 'replaced'].includes(stateOf(each, now)) || each.id === key.id) return false;
    if (familyOf(each) !== own) return makers.has(familyOf(each));
    // What it replaced itself by; what it came of, or somebody else replaced it by, is not its work.
    return each.createdBy === `key:${own}` && each.createdAt >= key.createdAt;
  });
}

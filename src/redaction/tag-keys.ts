import { createHmac } from 'node:crypto';

/** Whose hidden values may be compared: those of one investigation of one principal. */
export interface TagGroup {
  principal: string;
  investigation: string;
}

/** Keys of redaction tags, kept for the actions used last. An action's group never changes. */
const maxKept = 1_000;

/** The key that tags hidden values of an action's hits: the same for all actions of one investigation, and of no other. */
export type TagKeys = (org: string, actionId: string) => Promise<Uint8Array>;

/** Derives keys from the installation's secret; `groupOf` finds an action, and an action that is not there is a group of its own. */
export function createTagKeys(
  secret: Uint8Array,
  groupOf: (org: string, actionId: string) => Promise<TagGroup | undefined>,
): TagKeys {
  const kept = new Map<string, Uint8Array>();
  return async (org, actionId) => {
    const id = JSON.stringify([org, actionId]);
    const known = kept.get(id);
    if (known !== undefined) return known;
    const group = await groupOf(org, actionId);
    const scope = group === undefined ? [org, actionId] : [org, group.principal, group.investigation];
    const key = createHmac('sha256', secret).update(JSON.stringify(scope)).digest();
    if (group === undefined) return key;
    const [oldest] = kept.keys();
    if (oldest !== undefined && kept.size >= maxKept) kept.delete(oldest);
    kept.set(id, key);
    return key;
  };
}

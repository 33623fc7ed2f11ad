import type { PlaceStore } from '../actions/allowance.ts';
import { goneStates, isLive } from './action-rows.ts';
import type { Db } from './db.ts';
import { lazily } from './lazily.ts';
import { lockPlacements } from './place-action.ts';
import { isOld, reported } from './reported.ts';
import { countOnAgents } from './usage.ts';

const holdsPlace = `t.state not in ${goneStates}`;

/** Places of actions on agents over the database. */
export function createPlaceStore(db: Db): PlaceStore {
  return {
    async report(org, id, target, perAgent, now) {
      // Nearly every report is of a target that holds its place: one statement, and no lock.
      const [holding] = await reported(db.of(org), org, id, target, `${holdsPlace} and ${lazily}`);
      if (holding !== undefined) return { listeners: holding.listeners ?? [], isFull: false };
      return db.of(org).tx(async (queries) => {
        await lockPlacements(queries, org);
        const [already] = await reported(queries, org, id, target, holdsPlace);
        if (already !== undefined) return { listeners: already.listeners ?? [], isFull: false };
        if (await isOld(queries, org, id, target)) return { listeners: [], isFull: false };
        const used = (await countOnAgents(queries, org, [target.agentId], now)).get(target.agentId)?.used ?? 0;
        const [live] = await queries.query(`select 1 as yes from actions a where a.org = $1 and a.id = $2 and ${isLive('$3')}`, [
          ...[org, id, now],
        ]);
        // What has ended holds no place, and its last words are wanted.
        if (live !== undefined && used >= perAgent) return { listeners: [], isFull: true };
        const [back] = await reported(queries, org, id, target, 'true');
        return { listeners: back?.listeners ?? [], isFull: false };
      });
    },
  };
}

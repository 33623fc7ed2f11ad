import type { ConnectedAgent } from '../hub/handlers.ts';
import type { Hub } from '../hub/hub.ts';
import type { Clock } from '../lib/clock.ts';
import type { AgentStore } from '../targets/agent.ts';

interface Parties {
  /** The id of this replica. */
  replica: string;
  agents: Pick<AgentStore, 'connectedTo' | 'disconnected'>;
  hub: Pick<Hub, 'everyone' | 'find' | 'letGo'>;
  handlers: {
    /** Whether its connection here is the one that is written down under this epoch. */
    isKnownAs(agent: ConnectedAgent, epoch: number): boolean;
    /** Says again that it is connected here; false where it has moved. */
    stands(agent: ConnectedAgent): Promise<boolean>;
  };
  clock: Clock;
}

/**
 * Makes the table agree with the hub on who is connected to this replica. They differ when an agent came or went while the database was away,
 * when others took this replica for dead, and when the note was lost that an agent has moved.
 */
export function createAgreement({ replica, agents, hub, handlers, clock }: Parties): () => Promise<void> {
  return async () => {
    const written = new Map((await agents.connectedTo(replica)).map((row) => [`${row.org} ${row.id}`, row]));
    for (const { org, id, epoch } of written.values())
      if (hub.find(org, id) === undefined) await agents.disconnected(org, id, { replica, epoch }, clock.now());
    for (const agent of hub.everyone()) {
      const row = written.get(`${agent.org} ${agent.id}`);
      if (row !== undefined && handlers.isKnownAs(agent, row.epoch)) continue;
      if (!(await handlers.stands(agent))) hub.letGo(agent);
    }
  };
}

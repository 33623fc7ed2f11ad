import { heldToAllowance, type PlaceStore } from './actions/allowance.ts';
import type { ActionContext } from './actions/context.ts';
import { observe } from './actions/observe.ts';
import { offer } from './actions/offer.ts';
import type { AuditEvent } from './audit/events.ts';
import type { AuditStore } from './audit/record.ts';
import type { TurnedAwayFacts } from './audit/turned-away.ts';
import type { Policies } from './authorization/policies.ts';
import type { HitStore } from './hits/hit.ts';
import { receive } from './hits/receive.ts';
import { objectionToKey, ofOtherEnrolment } from './hub/admission.ts';
import type { ConnectedAgent, HubHandlers } from './hub/handlers.ts';
import { KeyRefused, keyFacts } from './identity/admit-key.ts';
import type { Authenticator } from './identity/authenticate.ts';
import { newId } from './lib/id.ts';
import type { Log } from './lib/log.ts';
import { secretRules } from './redaction/agent-rules.ts';
import { type RedactionSource, toAgentRules } from './redaction/policy.ts';
import { scrubInTurns } from './redaction/scrub.ts';
import type { TagKeys } from './redaction/tag-keys.ts';
import { scrubWords } from './redaction/words.ts';
import type { Post } from './replicas/post.ts';
import type { AgentRecord, AgentStore } from './targets/agent.ts';
import type { Pauses } from './targets/pause.ts';

/** What is logged of an agent's message. */
const maxSaidChars = 200;

interface AgentSide {
  authenticateAgent: Authenticator['authenticateAgent'];
  /** Asked late, because it holds the hub that these handlers are given to. */
  actions(): ActionContext;
  places: PlaceStore;
  hits: HitStore;
  agents: AgentStore;
  audit: AuditStore;
  policies(): Policies;
  pauses: Pauses;
  turnedAway(facts: TurnedAwayFacts): void;
  log: Log;
  tagKeys: TagKeys;
  /** The id of this replica. */
  replica: string;
  /** The way to the others; asked late, because they are met behind the hub. */
  post(): Post;
}

/** What happens when agents come, report, hit and go: the hub's frames handed to the stages. */
export interface AgentHandlers extends HubHandlers {
  /** An agent has connected to another replica, under this epoch; true when a connection of it here is an older one. */
  hasMoved(agent: ConnectedAgent, epoch: number): boolean;
  /** Whether its connection here is the one that is written down under this epoch. */
  isKnownAs(agent: ConnectedAgent, epoch: number): boolean;
  /** Says again that an agent is connected here; false where it has moved. */
  stands(agent: ConnectedAgent): Promise<boolean>;
}

/** Over the stages that take part. */
export function agentHandlers(side: AgentSide): AgentHandlers {
  const { authenticateAgent, actions, places, hits, agents, audit, policies, pauses, turnedAway, log, tagKeys, replica, post } =
    side;
  const epochs = new WeakMap<ConnectedAgent, number>();
  const perAgent = () => policies().shared.concurrentActionsPerAgent;
  const record = (agent: ConnectedAgent, event: AuditEvent) =>
    audit.append({
      requestId: newId('agt'),
      at: actions().clock.now(),
      org: agent.org,
      subject: `agent:${agent.id}`,
      role: 'agent',
      auth: 'none',
      event,
      decision: 'allowed',
      target: { service: agent.hello.service, pool: agent.pool, agents: [agent.id] },
    });
  /** Writes down that it is connected here; the replica that had it before hears of that. */
  async function announce(agent: ConnectedAgent): Promise<AgentRecord> {
    const known = toRecord(agent, true);
    const { epoch, from } = await agents.connected(known, replica);
    epochs.set(agent, epoch);
    if (from !== undefined) post().send([from], { note: 'moved', org: agent.org, agent: agent.id, epoch });
    return known;
  }

  return {
    isKnownAs: (agent, epoch) => epochs.get(agent) === epoch,
    hasMoved: (agent, epoch) => (epochs.get(agent) ?? epoch) < epoch,
    async stands(agent) {
      const epoch = epochs.get(agent);
      // Without one it is about to be written down.
      if (epoch === undefined) return true;
      const found = await agents.stands(agent.org, agent.id, { replica, epoch });
      // A database that crashed has lost what it had not flushed.
      if (found === 'unknown') await announce(agent);
      return found !== 'moved';
    },
    async authenticate(bearer, address) {
      const key = await authenticateAgent(bearer, address);
      const { org, pool = 'default', service: servicePattern = '*', id: keyId, firstId: firstKeyId = keyId } = key;
      return { org, pool, servicePattern, keyId, firstKeyId };
    },
    // The registry of the hub forgets at a restart, the store does not: an id goes on being the agent's that came with it.
    async objection(hello, { org, firstKeyId }) {
      const known = await agents.find(org, hello.agent.id);
      if (known === undefined) return undefined;
      return known.enrolmentKeyId === firstKeyId ? objectionToKey(hello, known.publicKey) : ofOtherEnrolment;
    },
    turnedAway({ reason, address, refusal, enrolment, hello }) {
      turnedAway({
        ...{ event: 'agent_refused', reason, address },
        ...(refusal instanceof KeyRefused ? keyFacts(refusal) : {}),
        ...(enrolment === undefined ? {} : { org: enrolment.org, subject: `key:${enrolment.keyId}` }),
        ...(hello === undefined ? {} : { target: { service: hello.service, pool: enrolment?.pool, agents: [hello.agent.id] } }),
      });
    },
    async connected(agent) {
      const known = await announce(agent);
      await record(agent, 'agent_connected');
      return offer(actions(), known, perAgent());
    },
    state(agent, frame) {
      const context = heldToAllowance(actions(), places, perAgent());
      return observe(context, policies().redaction.for(sourceOf(agent)), agent.org, agent.id, frame);
    },
    async hit(agent, hit) {
      const tagKey = await tagKeys(agent.org, hit.id);
      const scrubHit: Parameters<typeof receive>[0]['scrub'] = (capture) => {
        const source = sourceOf(agent);
        return hit.redacting(() => scrubInTurns(capture, policies().redaction.for(source), { tagKey, source }));
      };
      const takenAt = hit.ts - agent.clockAheadMs;
      return receive({ actions: actions(), hits, scrub: scrubHit }, toRecord(agent, true), { ...hit, takenAt });
    },
    // The agent's own words: they may quote a value.
    error(agent, { code, message, id }) {
      const said = (text: string) => scrubWords(text, policies().redaction.for(sourceOf(agent)), maxSaidChars);
      log.warn({ agent: agent.id, code: said(code), action: id, said: said(message) }, 'agent reports an error');
    },
    async disconnected(agent, saidBye) {
      const epoch = epochs.get(agent) ?? 0;
      await agents.disconnected(agent.org, agent.id, { replica, epoch }, actions().clock.now(), saidBye);
      await record(agent, 'agent_disconnected');
    },
    policy(agent) {
      const { redaction, budget } = policies();
      const pause = pauses.isOn(agent.org);
      const names = toAgentRules(redaction.for(sourceOf(agent)));
      return { names, secrets: secretRules, pause, ...(budget === undefined ? {} : { budget }) };
    },
  };
}

/** Whose redaction policy holds: the pool is its key's, the service its own word as far as its key allows it. */
const sourceOf = ({ pool, hello }: ConnectedAgent): RedactionSource => ({ pool, service: hello.service });

/** The agents connected here, as the rest of the bridge knows them. */
export function toRecord(agent: ConnectedAgent, connected: boolean): AgentRecord {
  const { hello } = agent;
  return {
    id: agent.id,
    org: agent.org,
    pool: agent.pool,
    name: hello.agent.name,
    service: hello.service,
    version: hello.version,
    commit: hello.commit,
    environment: hello.environment,
    runtime: hello.runtime,
    host: hello.host,
    pid: hello.pid,
    pod: hello.pod,
    container: hello.container,
    tags: hello.tags,
    mode: hello.agent.mode,
    agentVersion: hello.agent.version,
    capabilities: hello.capabilities,
    startedAt: hello.startedAt,
    connected,
    lastSeenAt: agent.lastSeenAt,
    enrolmentKeyId: agent.enrolmentKeyId,
    ...(hello.identity === undefined ? {} : { publicKey: hello.identity.key }),
  };
}

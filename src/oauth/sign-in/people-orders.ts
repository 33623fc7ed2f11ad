import { z } from 'zod';
import type { OperatorTrail } from '../../audit/operator.ts';
import { defaultOrg } from '../../identity/issue.ts';
import { type PeopleStore, type Person, subjectNamed } from '../../identity/people.ts';
import type { Clock } from '../../lib/clock.ts';
import { Refusal } from '../../lib/refusal.ts';
import { recordedAs } from '../apps.ts';
import type { Grants } from '../grants.ts';
import type { LocalProvider } from './local.ts';

/** What orders about people are carried out with. */
export interface PeopleOrdered {
  people: PeopleStore;
  clock: Clock;
  trail: OperatorTrail;
  read<T extends z.ZodType>(schema: T, input: unknown): z.output<T>;
  grants: Pick<Grants, 'revokeAll' | 'forget'>;
  /** Revokes all keys of an owner. */
  revokeKeys(org: string, owner: string): Promise<void>;
  /** Only in a running bridge. */
  running?: {
    local?: Pick<LocalProvider, 'link'> | undefined;
  };
}

/** A person as an operator sees them; instants are milliseconds since the epoch. */
export type ShownPerson = Omit<Person, 'sealedRefreshToken' | 'askedUntil'>;

const inOrg = z.object({ org: z.string().min(1).max(64) });
const named = inOrg.extend({ subject: z.string().min(1).max(300) });
const linked = z.object({ name: z.string().optional(), role: z.string().optional() });

type Input = Record<string, unknown>;

/** What an operator with access to the data may order about people: who is known, who is shut out, and links of the local provider. */
export function peopleOrders({ people, clock, trail, read, grants, revokeKeys, running }: PeopleOrdered) {
  return {
    async 'people.link'(input: Input) {
      const who = read(linked, input);
      if (running?.local === undefined) throw noLinks(running !== undefined);
      const link = await running.local.link(who);
      // A link that nobody was told signs nobody in: without a record it is not given out.
      const { name = 'operator', role } = who;
      await trail.record('link_made', defaultOrg, `user:${name}`, role === undefined ? {} : { after: { role } });
      return { link };
    },

    async 'people.list'(input: Input): Promise<ShownPerson[]> {
      const all = await people.list(read(inOrg, input).org);
      return all.map(({ sealedRefreshToken: _sealed, askedUntil: _asked, ...person }) => person);
    },

    async 'people.disable'(input: Input) {
      const { org, subject } = subjectOf(read(named, input));
      if (!(await people.disable(org, subject, clock.now()))) throw await unchanged(people, org, subject, 'disabled');
      // What they connected goes too, so that calls and streams under way end now.
      await grants.revokeAll(org, subject, { by: recordedAs({ kind: 'operator', org }) });
      await trail.recordDone('person_disabled', org, subject, `${subject} is shut out.`);
    },

    async 'people.enable'(input: Input) {
      const { org, subject } = subjectOf(read(named, input));
      if ((await people.find(org, subject))?.disabledAt === undefined) throw await unchanged(people, org, subject, 'enabled');
      await trail.record('person_enabled', org, subject);
      await people.enable(org, subject);
    },

    async 'people.forget'(input: Input) {
      const { org, subject } = subjectOf(read(named, input));
      const person = await people.find(org, subject);
      if (person === undefined) throw await unchanged(people, org, subject, 'forgotten');
      if (person.disabledAt !== undefined) throw stillDisabled(subject);
      const { issuer, upstreamSubject, role, groups } = person;
      await trail.record('person_forgotten', org, subject, { before: { issuer, upstreamSubject, role, groups } });
      // Whoever has the name next must not find anything of this one's alive; and this one makes nothing new meanwhile.
      const at = clock.now();
      const failed = async (refusal: Refusal) => {
        await trail.record('person_forgotten', org, subject, { decision: 'failed', reason: refusal.code });
        return refusal;
      };
      if (!(await people.disable(org, subject, at))) throw await failed(await unforgotten(people, org, subject));
      await revokeKeys(org, subject);
      await grants.forget(org, subject, { by: recordedAs({ kind: 'operator', org }) });
      if (!(await people.forget(org, subject, at))) throw await failed(letIn(subject));
    },
  };
}

function subjectOf({ org, subject }: { org: string; subject: string }): { org: string; subject: string } {
  return { org, subject: subjectNamed(subject) };
}

async function unchanged(people: PeopleStore, org: string, subject: string, wanted: string): Promise<Refusal> {
  if ((await people.find(org, subject)) !== undefined) {
    return new Refusal({ code: 'invalid_input', message: `${subject} is ${wanted} already.`, field: 'subject' });
  }
  return new Refusal({
    code: 'not_found',
    message: `Nobody called ${subject} ever signed in to ${org}.`,
    field: 'subject',
    next: '`sidelight people list` shows everybody.',
  });
}

/** Another operator was faster: what they decided stays. */
async function unforgotten(people: PeopleStore, org: string, subject: string): Promise<Refusal> {
  return (await people.find(org, subject)) === undefined ? unchanged(people, org, subject, 'forgotten') : stillDisabled(subject);
}

function stillDisabled(subject: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `${subject} is disabled; forgetting them would let them in again.`,
    field: 'subject',
    next: 'If that is what you want, `sidelight people enable` first.',
  });
}

/** Who came in meanwhile has things of their own again. */
function letIn(subject: string): Refusal {
  return new Refusal({
    code: 'invalid_input',
    message: `Another operator enabled ${subject} meanwhile, so they are still known; the keys and connected apps they had are gone.`,
    field: 'subject',
    next: 'If they are to be forgotten all the same, `sidelight people forget` again.',
  });
}

function noLinks(isRunning: boolean): Refusal {
  return isRunning
    ? new Refusal({
        code: 'unavailable',
        message: 'This bridge makes no links: people sign in at the company’s provider, or it has a public URL.',
        next: 'identity.yaml says how people sign in (mode).',
      })
    : new Refusal({
        code: 'unavailable',
        message: 'No bridge runs on this data, and a link is for a running one.',
        next: 'Start it with `sidelight serve`, which prints a link.',
      });
}

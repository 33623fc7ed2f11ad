import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa, { type Context } from 'koa';
import { parsePolicies, readPolicyTexts } from '../../../src/authorization/load.ts';
import type { Policies } from '../../../src/authorization/policies.ts';
import { accountId } from '../../../src/identity/people.ts';
import type { Scope } from '../../../src/identity/principal.ts';
import { createSecrets, type Secrets } from '../../../src/identity/secrets.ts';
import { type Clock, systemClock } from '../../../src/lib/clock.ts';
import { newId } from '../../../src/lib/id.ts';
import { createLog, type Log } from '../../../src/lib/log.ts';
import { Refusal, refusals } from '../../../src/lib/refusal.ts';
import type { Interaction, Interactions } from '../../../src/oauth/interactions.ts';
import type { SignInEvent } from '../../../src/oauth/sign-in/events.ts';
import { type OpenSignIn, openSignIn } from '../../../src/oauth/sign-in/routes.ts';
import { openStores, type Stores } from '../../../src/storage/stores.ts';
import { allTools } from '../../../src/tools/all.ts';
import { createRegistry } from '../../../src/tools/registry.ts';
import { openEmptyStore } from '../../helpers/empty-store.ts';

/** What an MCP client was told in the end. */
export interface Outcome {
  scopes?: Scope[];
  accountId?: string;
  error?: string;
  description?: string;
}

/** The pages of signing in over a real server and real storage; in place of the authorization server, requests that wait in a map. */
export interface Desk {
  origin: string;
  stores: Stores;
  signIn: OpenSignIn;
  secrets: Secrets;
  events: SignInEvent[];
  /** Lines of the log, parsed. */
  lines: Record<string, unknown>[];
  outcomes: Map<string, Outcome>;
  /** Whether events can be recorded. */
  recordable: boolean;
  /** What the bridge is known as from the next `restart` on; the address it listens on unless set. */
  publicOrigin: string | undefined;
  /** A request for authorization begins; the URL that a browser opens. */
  begin(changes?: { client?: Partial<Interaction['client']>; scopes?: Scope[] }): { uid: string; url: string };
  /** All that lives in a process is made again; only the storage stays. */
  restart(): Promise<void>;
  /** Listens on another address, same port. */
  listen(host: string): Promise<void>;
  close(): Promise<void>;
}

const shipped = await readPolicyTexts(new URL('../../../policies', import.meta.url).pathname);
const tools = createRegistry(allTools).names;

/** The shipped policies with another identity.yaml. */
export function policiesWith(identity: string): Policies {
  return parsePolicies('policies', { ...shipped, 'identity.yaml': identity }, { tools });
}

/** Where clients of the tests get their answers. */
export const clientRedirect = 'http://127.0.0.1:9/answer';

/** Opens a desk under this identity.yaml. */
export async function openDesk(identity: string, { clock = systemClock }: { clock?: Clock } = {}): Promise<Desk> {
  const db = await openEmptyStore();
  const stores = openStores(db);
  const secrets = createSecrets(randomBytes(32));
  const policies = policiesWith(identity);
  const waiting = new Map<string, { interaction: Interaction; cookie?: string }>();
  const outcomes = new Map<string, Outcome>();
  const events: SignInEvent[] = [];
  const lines: Record<string, unknown>[] = [];
  const log: Log = createLog('silent');
  for (const level of ['info', 'warn', 'error'] as const) {
    log[level] = ((facts: object, message: string) => lines.push({ ...facts, level, message })) as unknown as Log[typeof level];
  }

  /** The cookie is set where the authorization server sets it: on the path of the interaction alone. */
  function found(ctx: Context, uid: string) {
    const entry = waiting.get(uid);
    const cookie = ctx.cookies.get(`interaction-${uid}`);
    if (entry === undefined || entry.cookie === undefined || cookie !== entry.cookie) {
      throw new Refusal({ code: 'not_found', message: 'There is no such interaction.', next: 'Start again.' });
    }
    return entry;
  }
  function finish(ctx: Context, uid: string, outcome: Outcome): void {
    outcomes.set(uid, outcome);
    waiting.delete(uid);
    const { redirectUri } = finished.get(uid) as Interaction['client'];
    ctx.redirect(`${redirectUri}?${outcome.error === undefined ? 'code=c' : `error=${outcome.error}`}`);
    ctx.status = 303;
  }
  const finished = new Map<string, Interaction['client']>();
  const interactions: Interactions = {
    read: async (ctx, uid) => found(ctx, uid).interaction,
    async signedIn(ctx, uid, person) {
      const entry = found(ctx, uid);
      entry.interaction = {
        ...entry.interaction,
        step: 'consent',
        accountId: accountId(person),
        firstSeenAt: person.firstSeenAt,
      };
      ctx.redirect(`/oauth/interaction/${uid}`);
      ctx.status = 303;
    },
    async consent(ctx, uid, scopes) {
      const { accountId } = found(ctx, uid).interaction;
      finish(ctx, uid, { scopes, ...(accountId === undefined ? {} : { accountId }) });
    },
    async deny(ctx, uid, error, description) {
      found(ctx, uid);
      finish(ctx, uid, { error, description });
    },
  };

  let serve: (request: never, response: never) => unknown;
  const server = createServer((request, response) => void serve(request as never, response as never));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const desk: Desk = {
    origin: address,
    ...{ stores, secrets, events, lines, outcomes },
    publicOrigin: undefined,
    recordable: true,
    signIn: undefined as unknown as OpenSignIn,
    begin({ client = {}, scopes = ['runtime:read', 'runtime:capture'] as Scope[] } = {}) {
      const uid = newId('uid');
      const asks = {
        id: 'client-1',
        name: 'Test IDE',
        known: 'self_registered' as const,
        redirectUri: clientRedirect,
        ...client,
      };
      waiting.set(uid, { interaction: { uid, step: 'sign_in', client: asks, scopes } });
      finished.set(uid, asks);
      return { uid, url: `${address}/begin/${uid}` };
    },
    async restart() {
      const signIn = await openSignIn({
        ...{ records: stores.oauth, people: stores.people, secrets, clock, log },
        policies: () => policies,
        note: async (event) => {
          if (!desk.recordable) throw new Refusal({ code: 'unavailable', message: 'There is no room.' });
          events.push(event);
        },
      });
      if (signIn === undefined) throw new Error('Nobody signs in here.');
      const koa = new Koa();
      koa.use(async (ctx, next) => {
        ctx.state.requestId = 'req_test';
        ctx.state.address = ctx.ip;
        try {
          await next();
        } catch (problem) {
          if (!(problem instanceof Refusal)) throw problem;
          ctx.status = refusals[problem.code].status;
          ctx.body = problem.details;
        }
      });
      koa.use(async (ctx, next) => {
        const [, uid] = /^\/begin\/(\w+)$/.exec(ctx.path) ?? [];
        const entry = uid === undefined ? undefined : waiting.get(uid);
        if (entry === undefined) return next();
        entry.cookie ??= newId('cookie');
        ctx.cookies.set(`interaction-${uid}`, entry.cookie, { path: `/oauth/interaction/${uid}` });
        ctx.redirect(`/oauth/interaction/${uid}`);
      });
      koa.use(signIn.pages({ interactions, origin: desk.publicOrigin ?? address }));
      serve = koa.callback() as typeof serve;
      desk.signIn = signIn;
    },
    async listen(host) {
      const { port } = server.address() as AddressInfo;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      server.listen(port, host);
      await once(server, 'listening');
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await db.close();
    },
  };
  await desk.restart();
  return desk;
}

import type { Checkpointer } from './audit/checkpointer.ts';
import type { Hub } from './hub/hub.ts';
import type { Clock } from './lib/clock.ts';
import { actionKinds } from './protocol/frames.ts';
import type { Membership } from './replicas/membership.ts';
import type { Stores } from './storage/stores.ts';
import { oneOf, type Telemetry } from './telemetry/telemetry.ts';
import type { Readiness } from './tools/tool.ts';

/** Languages of the agents there are; what else an agent calls its own is `other`. */
const languages: ReadonlySet<string> = new Set(['javascript', 'java', 'python']);

interface Looked {
  ready(): Promise<Readiness>;
  openCalls(): number;
  hub: Pick<Hub, 'everyone'>;
  stores: Pick<Stores, 'liveActions'>;
  checkpointer: Pick<Checkpointer, 'lag'>;
  membership: Pick<Membership, 'others' | 'isHeld'>;
  version: string;
  clock: Clock;
}

/** What is looked at when somebody asks for the numbers. */
export function showGauges(telemetry: Telemetry, looked: Looked): void {
  const { ready, openCalls, hub, stores, checkpointer, membership, version, clock } = looked;
  telemetry.gauge('buildInfo', () => ({ [version]: 1 }));
  telemetry.gauge('ready', async () => {
    const { ok, checks } = await ready();
    return Object.fromEntries(Object.entries({ ...checks, all: ok }).map(([check, holds]) => [check, holds ? 1 : 0]));
  });
  telemetry.gauge('openCalls', openCalls);
  const none = Object.fromEntries(actionKinds.map((kind) => [kind, 0]));
  telemetry.gauge('actions', async () => ({ ...none, ...(await stores.liveActions(clock.now())) }));
  telemetry.gauge('agents', () => {
    const byLanguage: Record<string, number> = Object.fromEntries([...languages].map((language) => [language, 0]));
    for (const { hello } of hub.everyone()) {
      const language = oneOf(languages, hello.runtime.language);
      byLanguage[language] = (byLanguage[language] ?? 0) + 1;
    }
    return byLanguage;
  });
  let asked: ReturnType<Checkpointer['lag']> | undefined;
  // Both are looked at in one go; the question is asked once.
  const lag = () => {
    asked ??= checkpointer.lag().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  telemetry.gauge('auditUnsigned', async () => (await lag()).unsigned);
  telemetry.gauge('auditUndelivered', async () => (await lag()).undelivered);
  // Whom it knew of before is old news by then, and to them it is gone itself.
  telemetry.gauge('replicas', () => (membership.isHeld() ? membership.others().length + 1 : 0));
}

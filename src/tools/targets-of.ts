import type { Permit } from '../authorization/authorize.ts';
import type { Clock } from '../lib/clock.ts';
import { throwIfLeft } from '../lib/left.ts';
import type { Charge } from '../quota/charge.ts';
import type { AgentRecord } from '../targets/agent.ts';
import { fits } from '../targets/fits.ts';
import { resolve } from '../targets/resolve.ts';
import type { SourceSelector } from '../targets/source.ts';
import type { CallContext } from './tool.ts';

/** How long a call waits for an agent that is on its way: its first tries to connect again fall within. */
const backMs = 5_000;
/** How often it looks. */
const lookMs = 200;

/**
 * The connected agents a source means, of those the caller may reach. Where there is none and one was there a moment ago, as in a restart
 * of its bridge, it is awaited for some seconds; what never was there is refused at once.
 */
export function targetsOf(
  { permit }: Charge,
  source: SourceSelector = {},
  { services, latency, signal }: Pick<CallContext, 'services' | 'latency' | 'signal'>,
): Promise<AgentRecord[]> {
  return latency.measure('resolve', async () => {
    const { clock } = services;
    const { org } = permit.principal;
    const { service, agentIds } = source;
    const isMeant = meantBy(permit, source);
    const look = () => services.connected(org, { service, agentIds });
    let among = await look();
    if (!among.some(isMeant) && (await services.between(org, { service, agentIds })).some(isMeant)) {
      const from = clock.monotonic();
      while (!among.some(isMeant) && clock.monotonic() - from < backMs) {
        await pause(clock, lookMs, signal);
        throwIfLeft(signal);
        among = await look();
      }
    }
    // A miss is refused with what there is, so all of it is needed then.
    return resolve(permit, among.some(isMeant) ? among : await services.connected(org), source);
  });
}

const meantBy = (permit: Permit, source: SourceSelector) => (agent: AgentRecord) => fits(agent, source) && permit.mayReach(agent);

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      callOff();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const callOff = clock.after(ms, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

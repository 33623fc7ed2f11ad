import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SimulatedAgent } from '../../agents-sim/agent.ts';
import type { Random } from '../../agents-sim/random.ts';
import { fleet } from '../../agents-sim/scenarios/fleet.ts';
import type { Counted } from './counted.ts';

interface Population {
  agentUrls: string[];
  key: string;
  /** Connected at a time. */
  count: number;
  /** Between one that goes and the next one that goes, on average. */
  everyMs: number;
  random: Random;
  counted: Counted;
  isOver(): boolean;
}

/** Each place is taken by so many agents in turn: those that left come back, because the bridge remembers some thousands on purpose. */
const idsPerPlace = 8;
/** Those that are on their way when it is over have so long to arrive. */
const lastMs = 10_000;
/** In turn. */
const ways = ['left', 'died', 'broke off'] as const;

/** Agents of several services that leave, die, break off and come back, until it is over; then they leave all at once. */
export async function comeAndGo({ agentUrls, key, count, everyMs, random, counted, isOver }: Population): Promise<void> {
  const kinds = fleet(count, random.seed);
  const turns = new Array<number>(count).fill(0);
  const enter = async (place: number): Promise<SimulatedAgent> => {
    const turn = (turns[place] ?? 0) % idsPerPlace;
    turns[place] = turn + 1;
    const id = `soak-${place}-${turn}`;
    const kind = kinds[place];
    if (kind === undefined) throw new Error(`There is no place ${place}.`);
    const agent = new SimulatedAgent({
      ...kind,
      // Half of them are the checkout, which is asked the most.
      ...(place % 2 === 0 ? { service: 'checkout' } : {}),
      ...{ id, keySeed: createHash('sha256').update(id).digest(), url: agentUrls[place % agentUrls.length] ?? '', key },
      passesPerSecond: 3,
    });
    await agent.start();
    counted.note('agent', 'came');
    return agent;
  };
  const here: (SimulatedAgent | undefined)[] = await Promise.all(Array.from({ length: count }, (_, place) => enter(place)));
  const coming = new Set<Promise<void>>();
  for (let turn = 0; !isOver(); turn += 1) {
    await sleep(everyMs * (0.5 + random.next()));
    const place = random.integer(0, count - 1);
    const agent = here[place];
    if (agent === undefined) continue;
    const how = ways[turn % ways.length] ?? 'left';
    counted.note('agent', how);
    if (how === 'broke off') {
      agent.disconnect();
      continue;
    }
    if (how === 'left') await agent.stop();
    else agent.kill();
    // Nobody waits for it: a bridge that is busy lets it wait, and the others go on coming and going.
    here[place] = undefined;
    const next = enter(place)
      .then(
        (entered) => {
          here[place] = entered;
        },
        (problem: unknown) => counted.noteAmiss('agent', String(problem)),
      )
      .finally(() => coming.delete(next));
    coming.add(next);
  }
  await Promise.race([Promise.all(coming), sleep(lastMs)]);
  await Promise.all(here.map((agent) => agent?.stop()));
}

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLine } from '../../agents-sim/faults.ts';
import { createProbe, hit as hitOf } from '../../agents-sim/probe.ts';
import { Probes } from '../../agents-sim/probes.ts';
import { createRandom, freshSeed } from '../../agents-sim/random.ts';
import { checkout, checkoutFile, checkoutSource, priceLine } from '../../agents-sim/scenarios/checkout.ts';
import { fleet } from '../../agents-sim/scenarios/fleet.ts';
import { leaky, leakyFile, leakyLine, secrets } from '../../agents-sim/scenarios/leaky.ts';
import { newAction, openWorld, until, type World } from '../hub/world.ts';

describe('chance', () => {
  it('repeats with its seed, and differs without', () => {
    const draw = (seed: number) => Array.from({ length: 50 }, () => createRandom(seed).fork('a').integer(1, 1_000));
    expect(draw(7)).toEqual(draw(7));
    const one = createRandom(1);
    const two = createRandom(2);
    expect(Array.from({ length: 20 }, () => one.next())).not.toEqual(Array.from({ length: 20 }, () => two.next()));
  });

  it('is even enough for faults', () => {
    const random = createRandom(3);
    const buckets = new Array(10).fill(0);
    for (let count = 0; count < 10_000; count += 1) buckets[random.integer(0, 9)] += 1;
    for (const bucket of buckets) expect(Math.abs(bucket - 1_000)).toBeLessThan(150);
  });
});

describe('a faulty line', () => {
  const through = (faults: Parameters<typeof createLine>[0]) => {
    const sent: string[] = [];
    let cuts = 0;
    const line = createLine(
      faults,
      createRandom(1),
      (text) => sent.push(text),
      () => {
        cuts += 1;
      },
    );
    for (const text of ['a', 'b', 'c', 'd']) line.send(text);
    return { sent, line, cuts };
  };

  it('without faults sends everything in order', () => expect(through({}).sent).toEqual(['a', 'b', 'c', 'd']));
  it('that duplicates sends everything twice', () => expect(through({ duplicate: 1 }).sent.join('')).toBe('aabbccdd'));
  it('that reorders changes neighbours', () => expect(through({ reorder: 1 }).sent.join('')).toBe('badc'));
  it('that drops is dead from then on', () => expect(through({ drop: 1 })).toMatchObject({ sent: [], line: { dead: true } }));
  it('that reconnects cuts behind the frame', () => expect(through({ reconnect: 1 })).toMatchObject({ cuts: 4 }));
  it('that delays keeps the order', async () => {
    const { sent } = through({ delay: 1, maxDelayMs: 5 });
    expect(sent).toEqual([]);
    await until('all came', () => sent.length === 4);
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('the checkout scenario', () => {
  it('shows the wrong discount in its hits', () => {
    const action = newAction({
      condition: "customer.tier === 'gold'",
      expressions: ['price / total', 'order.customer.address.city', 'missing'],
    });
    const probe = createProbe(action, { [checkoutFile]: checkoutSource });
    const scenario = checkout();
    const random = createRandom(1);
    const captures = Array.from({ length: 100 }, () =>
      hitOf(probe, scenario.next(random), { hidden: () => undefined, secrets: undefined }),
    ).filter((one) => one !== undefined);
    expect(captures.length).toBeGreaterThan(10);
    expect(probe.skipped.condition).toBe(100 - captures.length);
    for (const capture of captures) {
      expect(capture.at).toMatchObject({ file: checkoutFile, line: priceLine, function: 'priceOf' });
      expect(capture.at.text).toContain('return price;');
      expect(capture.expressions[0]).toEqual({ expression: 'price / total', value: expect.closeTo(0.1, 5) });
      expect(capture.expressions[2]).toEqual({ expression: 'missing', error: '`missing` is not in scope.' });
      expect(capture.scopes[0]?.variables.map(([name]) => name)).toEqual(['order', 'customer', 'total', 'discount', 'price']);
    }
  });

  it('binds a line without code to the next one that has some', () => {
    const probe = createProbe(newAction({ where: { file: 'checkout.ts', line: 2 } }), { [checkoutFile]: checkoutSource });
    expect(probe.at).toMatchObject({ line: 4, text: 'export function priceOf(order: Order): number {' });
  });
});

describe('the leaky scenario', () => {
  it('brings every secret to the wire, or the tests that look for them would prove nothing', () => {
    const scenario = leaky();
    const probe = createProbe(newAction({ where: { file: leakyFile, line: leakyLine } }), scenario.files);
    const wire = JSON.stringify(hitOf(probe, scenario.next(createRandom(1)), { hidden: () => undefined, secrets: undefined }));
    for (const [kind, secret] of Object.entries(secrets)) {
      const shown = JSON.stringify(secret).slice(1, -1);
      expect(wire, kind).toContain(shown);
    }
  });
});

describe('the names of a redaction policy', () => {
  const names = { hidden: { place: ['city'] }, harmlessEndings: [], harmlessBeginnings: [] };
  const hitsOf = (hides: boolean) => {
    const said: string[] = [];
    const scenario = { ...checkout(), hides };
    const probes = new Probes(scenario, {
      state: () => undefined,
      hit: (frame) => said.push(JSON.stringify(frame)),
      mayQueue: () => true,
      lie: () => undefined,
    });
    probes.setPolicy({ names, pause: false });
    probes.arm(newAction({ expressions: ['order.customer.address.city'] }));
    probes.pass(scenario.next(createRandom(1)));
    probes.close();
    return said.join();
  };

  it('are obeyed by a simulated agent', () => {
    expect(hitsOf(true)).toContain('{"expression":"order.customer.address.city","value":{"$":"redacted","rule":"place"}}');
    expect(hitsOf(true)).not.toMatch(/Lisbon|Oslo|Graz|Porto/);
  });

  it('are ignored by one that is made to leak', () => expect(hitsOf(false)).toMatch(/Lisbon|Oslo|Graz|Porto/));
});

describe('simulated agents on a bridge', () => {
  let world: World;
  beforeEach(async () => {
    world = await openWorld({ beatMs: 100, maxSilenceMs: 600 });
  });
  afterEach(() => world.end());

  it('make a fleet of different programs', async () => {
    const agents = fleet(40, 11).map((member) => world.agent(member));
    await Promise.all(agents.map((agent) => agent.start()));
    const connected = world.hub.agents('acme');
    expect(connected).toHaveLength(40);
    expect(new Set(connected.map((agent) => agent.hello.service)).size).toBe(5);
    expect(new Set(connected.map((agent) => agent.hello.version)).size).toBeGreaterThan(2);
    expect(fleet(40, 11).map((member) => member.pod)).toEqual(fleet(40, 11).map((member) => member.pod));
  });

  it('lose no hit and make none up, whatever the line does', async () => {
    const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? freshSeed());
    const random = createRandom(seed);
    const hits = 40;
    const actions = Array.from({ length: 3 }, () => newAction({ limits: { hits } }));
    world.handlers.desired = actions;
    const agents = actions.map((_, index) =>
      world.agent({
        seed: seed + index,
        faults: { delay: 0.1, maxDelayMs: 20, duplicate: 0.1, reconnect: 0.02, drop: 0.01 },
      }),
    );
    await Promise.all(agents.map((agent) => agent.start()));
    for (let pass = 0; pass < hits + 10; pass += 1) {
      for (const agent of agents) agent.pass();
      await new Promise((resolve) => setTimeout(resolve, random.integer(0, 10)));
    }
    const stored = () => {
      const known = new Map<string, number>();
      for (const event of world.handlers.events) {
        if (event.on !== 'hit') continue;
        const key = `${event.agent.id} ${event.hit.id} ${event.hit.hit}`;
        known.set(key, (known.get(key) ?? 0) + 1);
      }
      return known;
    };
    // A probe that was suspended by a silence hits later than its passes here: let the program go on.
    await until(
      `every hit of every agent, seed ${seed}`,
      () => {
        for (const agent of agents) if (agent.state === 'connected') agent.pass();
        return stored().size === agents.length * actions.length * hits;
      },
      15_000,
    );
    for (const key of stored().keys()) expect(Number(key.split(' ')[2])).toBeLessThanOrEqual(hits);
  });

  it('leave without a trace when they are stopped or killed', async () => {
    const stopped = world.agent();
    const killed = world.agent();
    await Promise.all([stopped.start(), killed.start()]);
    await stopped.stop();
    killed.kill();
    await until('both are gone', () => world.hub.agents('acme').length === 0);
    expect(world.handlers.count('disconnected')).toBe(2);
  });
});

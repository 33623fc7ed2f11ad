import { describe, expect, it } from 'vitest';
import { DutyCycle } from '../../src/agent/kinds/estimate.ts';

const seed = Number(process.env.SIDELIGHT_TEST_SEED ?? Math.floor(Math.random() * 1e9));

/** The numbers of one run, by seed (mulberry32). */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Gives the time to the next pass, in milliseconds. */
type Traffic = (nowMs: number) => number;
const chance =
  (perSecond: (nowMs: number) => number, random: () => number): Traffic =>
  (nowMs) =>
    (-Math.log(1 - random()) * 1_000) / perSecond(nowMs);

interface Run {
  count: number;
  error: number;
  truth: number;
  seen: number;
}

/** A probe whose passes cost 0.1 ms and that may take 1 % of the time, as probes/budget.ts has it. */
function run(traffic: Traffic, lastsMs: number, share = 0.01, costMs = 0.1): Run {
  const fullMs = Math.max(5, share * 5_000);
  const neededMs = share * 1_000;
  const cycle = new DutyCycle();
  let leftMs = fullMs;
  let asOfMs = 0;
  let returnsAtMs: number | undefined;
  let truth = 0;
  cycle.windowOpened(0);
  for (let now = traffic(0); now < lastsMs; now += traffic(now)) {
    truth += 1;
    if (returnsAtMs !== undefined) {
      if (now < returnsAtMs) continue;
      cycle.windowOpened(returnsAtMs, returnsAtMs);
      returnsAtMs = undefined;
    }
    cycle.seen(now);
    cycle.spent(costMs);
    leftMs = Math.min(fullMs, leftMs + (now - asOfMs) * share) - costMs;
    asOfMs = now;
    if (leftMs > 0) continue;
    cycle.windowClosed(now + costMs);
    returnsAtMs = now + costMs + Math.max(50, (neededMs - leftMs) / share);
  }
  if (returnsAtMs !== undefined && returnsAtMs < lastsMs) cycle.windowOpened(returnsAtMs);
  const { seen, estimate } = cycle.totals(lastsMs);
  return { seen, truth, count: estimate?.count ?? seen, error: estimate?.error ?? 0 };
}

interface Coverage {
  covered: number;
  /** Median of the error, and of the estimate's own distance, as shares of the truth. */
  error: number;
  distance: number;
  bias: number;
}

function coverage(make: (random: () => number) => Traffic, lastsMs: number, runs = 120, share?: number): Coverage {
  const all = Array.from({ length: runs }, (_, index) => run(make(randomOf(seed + index * 7_919)), lastsMs, share));
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return {
    covered: all.filter(({ count, error, truth }) => Math.abs(count - truth) <= error).length / runs,
    error: median(all.map(({ error, truth }) => error / truth)),
    distance: median(all.map(({ count, truth }) => Math.abs(count - truth) / truth)),
    bias: all.reduce((sum, { count, truth }) => sum + (count - truth) / truth, 0) / runs,
  };
}

const periodic =
  (perSecond: number, jitter: number) =>
  (random: () => number): Traffic => {
    let isFirst = true;
    return () => {
      const gap = (1_000 / perSecond) * (isFirst ? random() : 1 + jitter * (random() - 0.5));
      isFirst = false;
      return gap;
    };
  };
const poisson = (perSecond: number) => (random: () => number) => chance(() => perSecond, random);

describe(`the estimate of all passes (seed ${seed})`, () => {
  it.each([
    ['150 a second by chance, 20 s', poisson(150), 20_000],
    ['300 a second by chance, 6 s', poisson(300), 6_000],
    ['1,000 a second by chance, 5 s', poisson(1_000), 5_000],
    ['1,000 a second by chance, 60 s', poisson(1_000), 60_000],
    ['200 a second, evenly, 30 s', periodic(200, 0), 30_000],
    ['1,000 a second, evenly, 10 s', periodic(1_000, 0.2), 10_000],
    ['3,000 a second, evenly, 10 s', periodic(3_000, 0), 10_000],
  ])('holds the truth in at least 90 of 100 runs: %s', (_, make, lastsMs) => {
    const got = coverage(make, lastsMs);
    expect(got.covered).toBeGreaterThanOrEqual(0.9);
    expect(got.error).toBeLessThan(0.5);
  });

  const onOff =
    (onMs: number, offMs: number, perSecond: number) =>
    (random: () => number): Traffic => {
      const phase = random() * (onMs + offMs);
      const gap = chance(() => perSecond, random);
      // Time runs only while traffic is on.
      return (nowMs) => {
        let left = gap(nowMs);
        let at = nowMs + phase;
        for (;;) {
          const inCycle = at % (onMs + offMs);
          if (inCycle < onMs && inCycle + left <= onMs) return at + left - nowMs - phase;
          if (inCycle < onMs) left -= onMs - inCycle;
          at += onMs + offMs - inCycle;
        }
      };
    };
  it.each([
    ['10 s on, 50 s off', onOff(10_000, 50_000, 1_000), 300_000],
    ['3 s on, 7 s off', onOff(3_000, 7_000, 1_000), 120_000],
    ['0.2 s on, 1.1 s off', onOff(200, 1_100, 3_000), 120_000],
    ['20 ms on, 300 ms off', onOff(20, 300, 5_000), 120_000],
    ['from 100 to 3,100 a second', (random: () => number) => chance((now) => 100 + now / 20, random), 60_000],
    ['from 3,100 to 100 a second', (random: () => number) => chance((now) => 3_100 - now / 20, random), 60_000],
    ['waves of 31 s', (random: () => number) => chance((now) => 1_000 + 900 * Math.sin(now / 5_000), random), 60_000],
  ])('holds the truth with traffic that comes and goes: %s', (_, make, lastsMs) => {
    const got = coverage(make, lastsMs, 40);
    expect(got.covered).toBeGreaterThanOrEqual(0.8);
    expect(got.error).toBeLessThan(0.8);
  });

  it('holds the truth when the program waits for the probe and runs on at once', () => {
    // A line every 0.4 ms, or every 0.5 ms while the probe is there: 200 passes in a window, 2,500 in the second after it.
    const cycle = new DutyCycle();
    let now = 0;
    let truth = 0;
    for (let window = 0; window < 20; window += 1) {
      cycle.windowOpened(now);
      for (let pass = 0; pass < 200; pass += 1, truth += 1) {
        now += 0.4;
        cycle.seen(now);
        cycle.spent(0.1);
        now += 0.1;
      }
      cycle.windowClosed(now);
      now += 1_000;
      truth += 2_500;
    }
    const { estimate } = cycle.totals(now);
    expect(Math.abs((estimate?.count ?? 0) - truth)).toBeLessThanOrEqual(estimate?.error ?? 0);
    expect(estimate?.error).toBeLessThan(0.2 * truth);
  });

  it('does not trust an absence in which the thread was too busy to bring the probe back', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    for (let pass = 1; pass <= 100; pass += 1) cycle.seen(pass);
    cycle.windowClosed(100);
    // A loop of 5 s went through the line each millisecond, or it did something else; after it nobody passes for a while.
    cycle.windowOpened(5_100, 1_100);
    const expectBoth = (nowMs: number): void => {
      const { count, error } = cycle.totals(nowMs).estimate ?? { count: 0, error: 0 };
      expect(count - error).toBeLessThanOrEqual(100);
      expect(count + error).toBeGreaterThanOrEqual(5_100);
    };
    expectBoth(5_200);
    expectBoth(20_000);
    cycle.windowClosed(20_000);
    expectBoth(20_000);
  });
});

describe('the counts of a probe', () => {
  it('are exact and without an estimate while it is never away', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(1_000);
    for (let pass = 0; pass < 1_234; pass += 1) cycle.seen();
    expect(cycle.totals(4_000.4)).toEqual({ seen: 1_234, armedMs: 3_000, awayMs: 0 });
  });

  it('claim no less error than chance gives, however even the windows are', () => {
    const cycle = new DutyCycle();
    let now = 0;
    for (let window = 0; window < 50; window += 1) {
      cycle.windowOpened(now);
      for (let pass = 1; pass <= 100; pass += 1) cycle.seen(now + pass);
      cycle.windowClosed(now + 100);
      now += 1_000;
    }
    const { estimate } = cycle.totals(now);
    // 49 absences of 900 passes, each judged by about 100: as much as 49 * 900² / 100 + 49 * 900.
    expect(estimate?.error).toBeGreaterThan(1.96 * Math.sqrt(49 * 8_100 + 49 * 900) * 0.95);
    expect(Math.abs((estimate?.count ?? 0) - 50_000)).toBeLessThan(600);
  });

  /** Absences of 900 ms, windows of 100 even passes, which last longer or shorter in turn. */
  function inTurn(windows: number, shortMs: number, longMs: number): { count: number; error: number } {
    const cycle = new DutyCycle();
    let now = 0;
    for (let window = 0; window < windows; window += 1) {
      const lastsMs = window % 2 === 0 ? shortMs : longMs;
      cycle.windowOpened(now);
      for (let pass = 1; pass <= 100; pass += 1) cycle.seen(now + (pass * lastsMs) / 100);
      cycle.windowClosed(now + lastsMs);
      now += lastsMs + 900;
    }
    return cycle.totals(now - 900).estimate ?? { count: 0, error: 0 };
  }

  it('claim more error when windows differ by more than chance', () => {
    const { error } = inTurn(50, 100, 140);
    // Rates of 1 and 0.71 a millisecond: an absence is uncertain by the difference over the root of 2.
    expect(error).toBeGreaterThan(1.9 * Math.sqrt(49) * ((900 * 0.285) / Math.SQRT2));
    expect(error).toBeLessThan(3 * inTurn(50, 100, 100).error);
  });

  it('claim as error what depends on how windows are weighed', () => {
    const { count, error } = inTurn(200, 33, 700);
    // By window 1.58 passes a millisecond, by time 0.27.
    expect(count - error).toBeLessThan(199 * 900 * 0.28 + 20_000);
    expect(count + error).toBeGreaterThan(199 * 900 * 1.57 + 20_000);
  });

  it('take as the pace of a busy thread what passes came at last, without our own time', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    cycle.windowClosed(100);
    cycle.windowOpened(1_100);
    // The pace is told by passes long after the beginning of the window too.
    for (let pass = 1; pass <= 200; pass += 1) {
      cycle.seen(5_000 + pass * 10);
      cycle.spent(2);
    }
    cycle.windowClosed(7_002);
    const before = cycle.totals(7_002).estimate?.error ?? 0;
    cycle.windowOpened(11_002, 8_002);
    cycle.windowClosed(11_003);
    const { error } = cycle.totals(11_003).estimate ?? { error: 0 };
    // Half of the 500 passes that 4 s have room for, at one in 8 ms.
    expect(error - before).toBeGreaterThan(245);
    expect(error - before).toBeLessThan(260);
  });

  it('follow the window behind an absence, also when nobody passes in it', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    for (let pass = 1; pass <= 100; pass += 1) cycle.seen(pass);
    cycle.windowClosed(100);
    expect(cycle.totals(1_100).estimate?.count).toBe(1_090);
    cycle.windowOpened(1_100);
    expect(cycle.totals(1_200).estimate?.count).toBe(1_090);
    expect(cycle.totals(2_200).estimate?.count).toBe(100);
  });

  it('rest on chance alone after the first window', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    for (let pass = 1; pass <= 500; pass += 1) cycle.seen(pass);
    cycle.windowClosed(500);
    const { seen, estimate, awayMs } = cycle.totals(1_500);
    expect({ seen, awayMs }).toEqual({ seen: 500, awayMs: 1_000 });
    expect(estimate?.count).toBe(1_498);
    expect(estimate?.error).toBeGreaterThan(1.96 * Math.sqrt(2_990));
  });

  it('come without the times of passes too, if less well', () => {
    const cycle = new DutyCycle();
    for (let window = 0; window < 10; window += 1) {
      cycle.windowOpened(window * 1_000);
      for (let pass = 0; pass < 100; pass += 1) cycle.seen();
      cycle.windowClosed(window * 1_000 + 100);
    }
    const { estimate } = cycle.totals(10_000);
    expect(Math.abs((estimate?.count ?? 0) - 10_000)).toBeLessThanOrEqual(estimate?.error ?? 0);
  });

  it('take two places that come and go together as one, and what one sees alone is not counted twice', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    cycle.windowOpened(0);
    for (let pass = 1; pass <= 100; pass += 1) cycle.seen(pass);
    cycle.windowClosed(100);
    for (let pass = 1; pass <= 40; pass += 1) cycle.seen(100 + pass);
    cycle.windowOpened(200);
    for (let pass = 1; pass <= 50; pass += 1) cycle.seen(200 + pass);
    const { seen, awayMs, estimate } = cycle.totals(300);
    expect({ seen, awayMs }).toEqual({ seen: 190, awayMs: 100 });
    // 50 in the absence too, of which 40 were seen.
    expect(estimate?.count).toBe(200);
  });

  it('stand still while the probe is not installed', () => {
    const cycle = new DutyCycle();
    cycle.windowOpened(0);
    for (let pass = 1; pass <= 100; pass += 1) cycle.seen(pass);
    cycle.windowClosed(100);
    cycle.stop(200);
    const ended = cycle.totals(200);
    expect(cycle.totals(90_000)).toEqual(ended);
    expect(ended).toMatchObject({ armedMs: 200, awayMs: 100, estimate: { count: 199 } });
    cycle.windowOpened(90_000);
    for (let pass = 1; pass <= 10; pass += 1) cycle.seen(90_000 + pass);
    expect(cycle.totals(90_100)).toMatchObject({ seen: 110, armedMs: 300, awayMs: 100, estimate: { count: 209 } });
  });
});

// A bridge in a process of its own, put together as `sidelight serve` does it, from the build at `root`; only that what comes round by
// the hour comes round `hurry` times as often, and that what has ended is kept for `keptMs`.
const { root, flags, hurry, keptMs } = JSON.parse(process.argv[2]);
const hourMs = 3_600_000;
/** Housekeeping alone waits so long. */
const longMs = 600_000;

const built = (path) => import(new URL(`dist/${path}`, root).href);
const [{ start }, { readConfig }, { createLog }, { systemClock }] = await Promise.all(
  ['start.js', 'config.js', 'lib/log.js', 'lib/clock.js'].map(built),
);
const clock = { ...systemClock, after: (ms, run) => systemClock.after(ms >= longMs ? ms / hurry : ms, run) };
const config = readConfig(flags, {});
const kept = { retentionHours: keptMs / hourMs, auditRetentionHours: keptMs / hourMs };
const running = await start({ ...config, ...kept }, { clock, log: createLog(config.logLevel) });

// Nothing else ends it: what still kept it going then would be left behind. Without a parent nobody wants it.
let closing;
for (const reason of ['SIGTERM', 'disconnect']) process.once(reason, () => (closing ??= running.close()));

const { mcpUrl, agentUrl, metricsUrl, seeded } = running;
const keys = seeded && {
  readKey: seeded.readKey.secret,
  fullKey: seeded.fullKey.secret,
  enrolKey: seeded.enrolKey.secret,
};
process.send({ started: { mcpUrl, agentUrl, metricsUrl: metricsUrl.href, ...keys } });

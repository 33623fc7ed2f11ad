import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of policies that ships with Sidelight. */
const shippedPolicies = fileURLToPath(new URL('../policies', import.meta.url));

interface Setting {
  flag: string;
  env: string;
  kind: 'text' | 'integer' | 'list' | 'switch';
  default: string;
  unit?: string;
  meaning: string;
}

/** Every setting once. A flag wins over the environment, the environment over the default. docs/configuration.md is printed from it. */
export const settings = {
  port: {
    flag: 'port',
    env: 'SIDELIGHT_PORT',
    kind: 'integer',
    default: '7433',
    meaning: 'TCP port for clients (/mcp) and agents (/agent); 0 takes a free one.',
  },
  host: {
    flag: 'host',
    env: 'SIDELIGHT_HOST',
    kind: 'text',
    default: '127.0.0.1',
    meaning: 'Address to listen on. Anything but loopback needs publicUrl.',
  },
  metricsPort: {
    flag: 'metrics-port',
    env: 'SIDELIGHT_METRICS_PORT',
    kind: 'integer',
    default: '',
    meaning: 'TCP port for /metrics (Prometheus), apart from that of callers; 0 takes a free one. Without it nothing is counted.',
  },
  metricsHost: {
    flag: 'metrics-host',
    env: 'SIDELIGHT_METRICS_HOST',
    kind: 'text',
    default: '127.0.0.1',
    meaning: 'Address for /metrics. Whoever reaches it may read it: numbers, and no name of a person, service or organisation.',
  },
  publicUrl: {
    flag: 'public-url',
    env: 'SIDELIGHT_PUBLIC_URL',
    kind: 'text',
    default: '',
    meaning:
      'URL people and agents use, for example https://sidelight.example.com; its host is the only one accepted beside loopback.',
  },
  dataDirectory: {
    flag: 'data',
    env: 'SIDELIGHT_DATA',
    kind: 'text',
    default: join(homedir(), '.local', 'share', 'sidelight'),
    meaning:
      'Directory of the embedded database and of the socket for `sidelight keys` and `agents`; used by one bridge at a time.',
  },
  databaseUrl: {
    flag: 'database-url',
    env: 'SIDELIGHT_DATABASE_URL',
    kind: 'text',
    default: '',
    meaning:
      'postgres:// URL of a PostgreSQL server (14 or newer) instead of the embedded database. Several bridges may use one, with the same master secret.',
  },
  busUrl: {
    flag: 'bus-url',
    env: 'SIDELIGHT_BUS_URL',
    kind: 'text',
    default: '',
    meaning:
      'redis:// or rediss:// URL through which several bridges tell each other what is new, for more than about 1,000 hits a second. The default is PostgreSQL itself. The same for all of them.',
  },
  databasePasswordFile: {
    flag: 'database-password-file',
    env: 'SIDELIGHT_DATABASE_PASSWORD_FILE',
    kind: 'text',
    default: '',
    meaning: 'File with the password of databaseUrl, which then has none: for secrets that come as files.',
  },
  secretFile: {
    flag: 'secret-file',
    env: 'SIDELIGHT_SECRET_FILE',
    kind: 'text',
    default: '',
    meaning:
      'File with the master secret, which signs and seals and is never in the database: one a line: the first signs and seals, all check and open. The default is the file `secret` of the data directory, made at the first start.',
  },
  acceptNewSecret: {
    flag: 'accept-new-secret',
    env: 'SIDELIGHT_ACCEPT_NEW_SECRET',
    kind: 'switch',
    default: 'false',
    meaning: 'Start with a database that was used with another master secret. People sign in again.',
  },
  policiesDirectory: {
    flag: 'policies',
    env: 'SIDELIGHT_POLICIES',
    kind: 'text',
    default: shippedPolicies,
    meaning: 'Directory of the policy files; see policies.md. The default ships with Sidelight.',
  },
  noWatchPolicies: {
    flag: 'no-watch-policies',
    env: 'SIDELIGHT_NO_WATCH_POLICIES',
    kind: 'switch',
    default: 'false',
    meaning: 'Take changed policy files only when asked to: by `sidelight policy reload` or SIGHUP.',
  },
  allowedOrigins: {
    flag: 'allowed-origins',
    env: 'SIDELIGHT_ALLOWED_ORIGINS',
    kind: 'list',
    default: '',
    meaning:
      'Browser origins that may call the bridge, separated by commas. Loopback origins may while it listens on loopback only.',
  },
  trustedProxies: {
    flag: 'trusted-proxies',
    env: 'SIDELIGHT_TRUSTED_PROXIES',
    kind: 'list',
    default: '',
    meaning:
      'Addresses of the proxies in front, separated by commas, for example 10.0.0.5: callers are known by what these append to X-Forwarded-For. Whoever has one of these addresses can claim any other, so name the proxies alone, never a network that callers are in. Without it all callers behind a proxy share its address, for rate limits, address lists of keys and the audit trail.',
  },
  maxBodyBytes: {
    flag: 'max-body-bytes',
    env: 'SIDELIGHT_MAX_BODY_BYTES',
    kind: 'integer',
    default: '262144',
    unit: 'bytes',
    meaning: 'Largest request body. To read one of a megabyte can take a quarter of a second, in which nobody else is served.',
  },
  retentionHours: {
    flag: 'retention-hours',
    env: 'SIDELIGHT_RETENTION_HOURS',
    kind: 'integer',
    default: '168',
    unit: 'hours',
    meaning: 'How long ended actions and their hits are kept.',
  },
  auditRetentionHours: {
    flag: 'audit-retention-hours',
    env: 'SIDELIGHT_AUDIT_RETENTION_HOURS',
    kind: 'integer',
    default: '8760',
    unit: 'hours',
    meaning: 'How long audit records are kept.',
  },
  auditCheckpoints: {
    flag: 'audit-checkpoints',
    env: 'SIDELIGHT_AUDIT_CHECKPOINTS',
    kind: 'list',
    default: '',
    meaning:
      'Where signed checkpoints of the audit trail go beside the database, separated by commas: stdout, file:///path, or an https:// URL that takes a POST (http:// to loopback only); see audit.md.',
  },
  drainSeconds: {
    flag: 'drain-seconds',
    env: 'SIDELIGHT_DRAIN_SECONDS',
    kind: 'integer',
    default: '10',
    unit: 'seconds',
    meaning: 'How long calls under way may take to end after SIGTERM.',
  },
  drainDelaySeconds: {
    flag: 'drain-delay-seconds',
    env: 'SIDELIGHT_DRAIN_DELAY_SECONDS',
    kind: 'integer',
    default: '0',
    unit: 'seconds',
    meaning:
      'How long calls and agents are still taken after SIGTERM while /readyz says no already, so that whoever spreads the load sees it first; see operating.md.',
  },
  logLevel: {
    flag: 'log-level',
    env: 'SIDELIGHT_LOG_LEVEL',
    kind: 'text',
    default: 'info',
    meaning: 'trace, debug, info, warn, error or silent; JSON lines on stderr.',
  },
  unsafeNoFsync: {
    flag: 'unsafe-no-fsync',
    env: 'SIDELIGHT_UNSAFE_NO_FSYNC',
    kind: 'switch',
    default: 'false',
    meaning:
      'Start even when the self-test finds that the embedded database does not reach the disk. Commits may be lost at a power cut.',
  },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;

/** The harmless values of the held-out part: another grammar than corpus-harmless.ts, never used to improve a detector. */
import { captureOf, object } from './capture-data.ts';
import type { HarmlessCase } from './corpus-harmless.ts';
import { between, type Chance, digits, hex, lower, mixed, pick, run, upper } from './corpus-values.ts';

const parts = ['invoice', 'tenant', 'ledger', 'parcel', 'route', 'batch', 'shard', 'widget', 'quota', 'report'];
const verbs = ['loaded', 'skipped', 'merged', 'queued', 'dropped', 'archived'];
const part = (chance: Chance): string => pick(chance, parts);
const year = (chance: Chance): number => between(chance, 1990, 2035);
const padded = (chance: Chance, to: number): string => String(between(chance, 1, to)).padStart(2, '0');
const time = (chance: Chance): string => `${padded(chance, 23)}:${padded(chance, 59)}:${padded(chance, 59)}`;

const kinds: Readonly<Record<string, readonly ((chance: Chance) => string)[]>> = {
  ids: [
    (chance) => `${part(chance)}:${run(chance, digits, 9)}`,
    (chance) => `${run(chance, upper, 2)}-${run(chance, digits, 8)}-${run(chance, upper, 1)}`,
    (chance) => `${part(chance)}_${run(chance, lower + digits, 16)}`,
    (chance) => `64${run(chance, hex, 22)}`,
    (chance) =>
      `urn:uuid:${run(chance, hex, 8)}-${run(chance, hex, 4)}-7${run(chance, hex, 3)}-a${run(chance, hex, 3)}-${run(chance, hex, 12)}`,
    (chance) => `arn:aws:sqs:eu-west-1:000000000000:${part(chance)}-${part(chance)}`,
    (chance) => `00-${run(chance, hex, 32)}-${run(chance, hex, 16)}-01`,
    (chance) => `"${run(chance, hex, 32)}"`,
    (chance) => `${part(chance)}-${run(chance, hex, 10)}-${run(chance, lower + digits, 5)}`,
  ],
  timestamps: [
    (chance) => `${year(chance)}/${padded(chance, 12)}/${padded(chance, 28)} ${time(chance)}`,
    (chance) => `${padded(chance, 28)}.${padded(chance, 12)}.${year(chance)} ${time(chance)}`,
    (chance) => `${year(chance)}-W${padded(chance, 52)}-${between(chance, 1, 7)}`,
    (chance) => `${between(chance, 1_000_000_000, 1_999_999_999)}.${run(chance, digits, 6)}`,
    (chance) => `Sat Feb ${padded(chance, 28)} ${time(chance)} CET ${year(chance)}`,
    (chance) => `${between(chance, 1, 23)}h${padded(chance, 59)}m${padded(chance, 59)}s`,
    (chance) => `17${run(chance, digits, 17)}`,
  ],
  numbers: [
    (chance) => `${between(chance, 1, 999)}.${run(chance, digits, 3)},${run(chance, digits, 2)} €`,
    (chance) => `${(chance() * 180 - 90).toFixed(6)}, ${(chance() * 360 - 180).toFixed(6)}`,
    (chance) => `${between(chance, 1, 9)}.${run(chance, digits, 1)} GiB of ${between(chance, 10, 64)} GiB`,
    (chance) => `[${between(chance, 1, 9999)}, ${between(chance, 1, 9999)}, ${between(chance, 1, 9999)}]`,
    (chance) => `rgba(${between(chance, 0, 255)}, ${between(chance, 0, 255)}, ${between(chance, 0, 255)}, 0.5)`,
    (chance) => `${run(chance, '123456789', 5)}${run(chance, digits, 6)}`,
    (chance) => `qty ${between(chance, 1, 99)} x ${between(chance, 1, 999)}.${run(chance, digits, 2)}`,
    (chance) => `${between(chance, 3000, 65000)}->${between(chance, 3000, 65000)}/tcp`,
  ],
  logs: [
    (chance) =>
      `${part(chance)} ${between(chance, 1, 9999)} ${pick(chance, verbs)} after ${between(chance, 1, 900)} ms (${between(chance, 1, 9)} of ${between(chance, 10, 99)})`,
    (chance) =>
      `time="${year(chance)}-03-04T${time(chance)}Z" level=warning msg="${part(chance)} ${pick(chance, verbs)}" component=${part(chance)} count=${between(chance, 1, 999)}`,
    (chance) =>
      `<${between(chance, 1, 191)}>1 ${year(chance)}-03-04T${time(chance)}.003Z web-${between(chance, 1, 40)} ${part(chance)} ${between(chance, 100, 9999)} ID${between(chance, 1, 99)} - ${part(chance)} ${pick(chance, verbs)}`,
    (chance) =>
      `npm warn deprecated ${part(chance)}@${between(chance, 1, 9)}.${between(chance, 0, 9)}.${between(chance, 0, 9)}: use ${part(chance)}-next`,
    (chance) =>
      `[${between(chance, 1, 99999)}.${run(chance, digits, 6)}] eth0: link up, ${pick(chance, ['100', '1000'])} Mbps, full duplex`,
    (chance) =>
      `WARN  [HikariPool-1 housekeeper] pool stats (total=${between(chance, 1, 40)}, active=${between(chance, 1, 40)}, idle=0, waiting=${between(chance, 0, 9)})`,
    (chance) =>
      `GC pause ${chance().toFixed(3)}s, heap ${between(chance, 10, 999)}M->${between(chance, 10, 999)}M(${between(chance, 1000, 4096)}M)`,
    (chance) => `redis: MISS ${part(chance)}:${between(chance, 1, 9999)}:${part(chance)} ttl=${between(chance, 1, 3600)}`,
  ],
  'talk of secrets': [
    (chance) => `Could not verify token of ${part(chance)} ${between(chance, 1, 999)}: signature mismatch`,
    (chance) => `password reset requested ${between(chance, 1, 9)} times`,
    () => 'Set a password, then sign in',
    (chance) => `tokens used: ${between(chance, 100, 9000)} of ${between(chance, 9001, 99999)}`,
    (chance) => `session expired ${between(chance, 1, 90)} minutes ago`,
    (chance) => `secretName: ${part(chance)}-tls`,
    (chance) => `cookie banner shown on page ${between(chance, 1, 99)}`,
    (chance) => `passwordMinLength=${between(chance, 8, 20)}`,
  ],
  code: [
    (chance) => `for (const ${part(chance)} of ${part(chance)}s) total += ${part(chance)}.amount * ${between(chance, 2, 9)};`,
    (chance) => `def ${part(chance)}_total(self, token: str) -> int:`,
    (chance) => `public static final String ${part(chance).toUpperCase()}_QUEUE = "${part(chance)}.${part(chance)}";`,
    (chance) =>
      `func (s *Server) ${pick(chance, ['Load', 'Drop'])}(ctx context.Context, id string) (*${pick(chance, ['Report', 'Batch'])}, error) {`,
    (chance) =>
      `@media (min-width: ${between(chance, 300, 1400)}px) { .${part(chance)} { grid-template-columns: repeat(${between(chance, 2, 6)}, 1fr); } }`,
    (chance) =>
      `JOIN ${part(chance)}s p ON p.id = r.${part(chance)}_id AND p.created_at > now() - interval '${between(chance, 1, 30)} days'`,
    (chance) => `resources: { limits: { cpu: ${between(chance, 1, 8)}00m, memory: ${between(chance, 1, 8)}Gi } }`,
    (chance) => `const password = form.get('password') ?? ''; // ${part(chance)}`,
    () => 'token = request.headers.get("Authorization")',
    (chance) => `<img src="data:image/gif;base64,R0lGOD${mixed(chance, 60)}" alt="${part(chance)}">`,
  ],
  places: [
    (chance) => `https://docs.example.net/${part(chance)}/${part(chance)}#${part(chance)}-${between(chance, 1, 9)}`,
    (chance) => `C:\\srv\\${part(chance)}\\${part(chance)}.${run(chance, digits, 4)}.log`,
    (chance) => `192.168.${between(chance, 0, 255)}.${between(chance, 1, 254)}/24`,
    (chance) => `${part(chance)}.default.svc.cluster.local:${between(chance, 1024, 9999)}`,
    (chance) => `/var/lib/docker/overlay2/${run(chance, hex, 64)}/merged`,
    (chance) => `jdbc:postgresql://ledger-db:5432/${part(chance)}?ssl=true`,
    (chance) => `wss://rt.example.net/v1/${part(chance)}?topic=${part(chance)}&since=${between(chance, 1, 99999)}`,
    (chance) => `ghcr.example/${part(chance)}/${part(chance)}@sha256:${run(chance, hex, 64)}`,
  ],
  words: [
    (chance) => `${pick(chance, ['Heavy', 'Round', 'Spare'])} ${part(chance)} (${pick(chance, ['left', 'right'])})`,
    (chance) => `The ${part(chance)} of April was ${pick(chance, verbs)} by the nightly run`,
    (chance) => `status is ${pick(chance, verbs)}, next try on ${pick(chance, ['Sunday', 'Thursday'])}`,
    () => 'Mark the Main Entrance on the map',
    (chance) => `${part(chance)}${pick(chance, ['Created', 'Closed'])}Event`,
    () => 'Frankfurt am Main',
    (chance) => `${pick(chance, ['Contoso', 'Umbrella'])} ${pick(chance, ['AG', 'S.A.', 'Pty'])} ${part(chance)} desk`,
  ],
};

const holders: readonly ((text: string) => ReturnType<typeof captureOf>)[] = [
  (text) => captureOf({ remark: text }),
  (text) => captureOf({ ctx: object({ body: object({ remark: text, count: 4 }) }) }),
  (text) => captureOf({ line: JSON.stringify([{ remark: text }]) }),
  (text) => captureOf({ remark: `${text} (again)` }),
];

/** Harmless values nobody tunes on. */
export function heldOutHarmless(chance: Chance): HarmlessCase[] {
  return Object.entries(kinds).flatMap(([kind, makers]) =>
    makers.flatMap((make) =>
      Array.from({ length: 12 }, (_, at) => ({
        kind,
        capture: (holders[at % holders.length] as (typeof holders)[number])(make(chance)),
      })),
    ),
  );
}

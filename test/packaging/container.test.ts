import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, parse as parseYaml } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { settings } from '../../src/settings.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const variables = new Set<string>(Object.values(settings).map(({ env }) => env));
const port = Number(settings.port.default);

interface Service {
  image: string;
  environment: Record<string, string>;
  secrets: string[];
  volumes?: string[];
  read_only?: boolean;
  cap_drop?: string[];
  ports?: string[];
  stop_grace_period?: string;
  networks: string[];
}

interface Compose {
  services: { bridge: Service; database: Service };
  secrets: Record<string, { file: string }>;
  networks: Record<string, { internal?: boolean } | null>;
}

interface Probe {
  httpGet: { path: string; port: string };
  timeoutSeconds?: number;
}

/** What the tests read of a manifest. */
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
}

interface Pod {
  securityContext: Record<string, unknown>;
  terminationGracePeriodSeconds: number;
  containers: {
    ports: { name: string; containerPort: number }[];
    env?: { name: string }[];
    securityContext: Record<string, unknown>;
    livenessProbe: Probe;
    readinessProbe: Probe;
    startupProbe: Probe;
    volumeMounts: { name: string; mountPath: string }[];
  }[];
  volumes: { name: string }[];
}

/** Instructions of a Dockerfile, continued lines joined. */
function instructionsOf(text: string): { word: string; rest: string }[] {
  return text
    .replace(/^\s*#.*$/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => ({ word: line.split(/\s/, 1)[0] ?? '', rest: line.replace(/^\S+\s+/, '') }));
}

/** Whether `.dockerignore` lets a path through to the builder; its last rule that fits decides. */
function isSent(path: string, rules: string[]): boolean {
  const fits = (rule: string) => {
    const pattern = rule.replace(/^!/, '');
    const form = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*\*\//g, '(?:.*/)?')
      .replace(/(?<!\.)\*/g, '[^/]*');
    return new RegExp(`^${form}(?:/.*)?$`).test(path);
  };
  const last = rules.findLast(fits);
  return last === undefined || last.startsWith('!');
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(read('Dockerfile'));
  const all = (word: string) => instructions.filter((each) => each.word === word).map(({ rest }) => rest);
  const rules = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const copied = all('COPY')
    .filter((rest) => !rest.startsWith('--from'))
    .flatMap((rest) => rest.split(/\s+/).slice(0, -1));

  it('copies what there is, and what .dockerignore lets through', () => {
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(copied.filter((path) => !isSent(path, rules))).toEqual([]);
  });

  it('gets nothing that it does not need: no repository, no modules, no secrets', () => {
    const kept = [
      '.git/config',
      'node_modules/ws/index.js',
      'src/agent/dist/x.js',
      'secrets/master_secret',
      'test/docs.test.ts',
      '.env',
    ];
    expect(
      [...kept, 'examples/kubernetes/settings.yaml', 'examples/shop/node_modules/x'].filter((path) => isSent(path, rules)),
    ).toEqual([]);
  });

  it('copies all that belongs into the package, so that `npm pack` makes the same there', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    expect(files.filter((path) => path !== 'dist' && !copied.includes(path))).toEqual([]);
  });

  it('runs as somebody who is not root, by number, from one place that can be written', () => {
    expect(all('USER')).toEqual(['1000:1000']);
    expect(all('VOLUME')).toEqual(['/var/lib/sidelight']);
    expect(all('ENV').join(' ')).toContain('SIDELIGHT_DATA=/var/lib/sidelight');
  });

  it('starts node without a shell in between, so that signals reach it', () => {
    expect(JSON.parse(all('ENTRYPOINT')[0] ?? '')).toEqual(['node', '/app/dist/cli/main.js']);
    expect(JSON.parse(all('CMD')[0] ?? '')).toEqual(['serve']);
    expect(all('STOPSIGNAL')).toEqual(['SIGTERM']);
  });

  it('asks the bridge whether it lives on the port it listens on', () => {
    const [check = ''] = all('HEALTHCHECK');
    expect(check).toContain(`process.env.SIDELIGHT_PORT||${port}`);
    expect(check).toContain('/healthz');
    expect(all('EXPOSE')[0]?.split(' ')).toContain(String(port));
  });

  it('names settings that there are, and a Node that is supported', () => {
    expect((read('Dockerfile').match(/SIDELIGHT_[A-Z_]+/g) ?? []).filter((name) => !variables.has(name))).toEqual([]);
    for (const from of all('FROM')) expect(from).toMatch(/^node:24-slim\b/);
  });
});

describe('compose.yaml', () => {
  const { services, secrets, networks } = parseYaml(read('compose.yaml')) as Compose;
  const { bridge, database } = services;

  it('names settings that there are, and that a bridge takes', () => {
    expect(Object.keys(bridge.environment).filter((name) => !variables.has(name))).toEqual([]);
    const { SIDELIGHT_DATABASE_PASSWORD_FILE, ...env } = bridge.environment;
    expect(SIDELIGHT_DATABASE_PASSWORD_FILE).toBe('/run/secrets/database_password');
    const config = readConfig({}, { ...env, SIDELIGHT_HOST: '0.0.0.0', SIDELIGHT_PUBLIC_URL: 'http://127.0.0.1:7433' });
    expect(config).toMatchObject({ secretFile: '/run/secrets/master_secret', metricsPort: 9464 });
    expect(Number.parseInt(bridge.stop_grace_period ?? '', 10)).toBeGreaterThan(
      config.drainDelaySeconds + config.drainSeconds + 10,
    );
  });

  it('has every secret in a file, and none in a variable', () => {
    for (const { secrets: used } of [bridge, database]) expect(used.filter((name) => secrets[name] === undefined)).toEqual([]);
    const values = Object.values({ ...bridge.environment, ...database.environment });
    expect(values.filter((value) => /:\/\/[^/\s]*:[^/\s]*@/.test(value))).toEqual([]);
    expect(Object.keys(database.environment)).toEqual(['POSTGRES_PASSWORD_FILE']);
    for (const { file } of Object.values(secrets)) expect(file).toMatch(/^\.\/secrets\//);
  });

  it('gives the bridge a file system that can only be read, no rights, and one volume', () => {
    expect(bridge).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(bridge.volumes).toEqual(['bridge:/var/lib/sidelight']);
  });

  it('says where a proxy in front is named, in a setting that there is', () => {
    const named = [...read('compose.yaml').matchAll(/^ +# (SIDELIGHT_[A-Z_]+): (\S+)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(readConfig({}, Object.fromEntries(named)).trustedProxies).toHaveLength(1);
  });

  it('shows callers to this machine alone, and the database to nobody', () => {
    expect(bridge.ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(database.ports).toBeUndefined();
    expect(database.networks.every((name) => networks[name]?.internal === true)).toBe(true);
  });
});

describe('the manifests for Kubernetes', () => {
  const folder = 'examples/kubernetes';
  const { resources } = parseYaml(read(`${folder}/kustomization.yaml`)) as { resources: string[] };
  const manifests = resources.flatMap((file) =>
    parseAllDocuments(read(`${folder}/${file}`)).map((document) => {
      expect(document.errors, file).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
  const one = (kind: string) => manifests.find((manifest) => manifest.kind === kind) as Manifest;
  const deployment = one('Deployment').spec as {
    replicas: number;
    strategy: object;
    template: { metadata: { labels: Record<string, string> }; spec: Pod };
  };
  const pod = deployment.template.spec;
  const container = pod.containers[0] as Pod['containers'][number];
  const data = one('ConfigMap').data ?? {};

  it('are all of them in the kustomization', () => {
    const others = ['kustomization.yaml', 'README.md'];
    expect(
      readdirSync(join(root, folder))
        .filter((file) => !others.includes(file))
        .sort(),
    ).toEqual([...resources].sort());
  });

  it('name settings that there are, and that a bridge takes', () => {
    expect(Object.keys(data).filter((name) => !variables.has(name))).toEqual([]);
    const { SIDELIGHT_DATABASE_PASSWORD_FILE: _file, ...env } = data;
    const config = readConfig({}, { ...env, SIDELIGHT_HOST: '0.0.0.0' });
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    expect(ports).toEqual({ http: config.port, metrics: config.metricsPort });
    expect(config.trustedProxies, 'callers behind the ingress are told apart').toHaveLength(1);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(config.drainDelaySeconds + config.drainSeconds + 10);
  });

  it('run two replicas, not as root, and replace them without a gap', () => {
    expect(deployment).toMatchObject({ replicas: 2, strategy: { rollingUpdate: { maxUnavailable: 0 } } });
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });

  it('ask whether it lives by /healthz and whether it is ready by /readyz, which asks the database for two seconds', () => {
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(container.readinessProbe.timeoutSeconds).toBeGreaterThan(2);
  });

  it('mount what the settings name, and have every volume that is mounted', () => {
    const mounted = container.volumeMounts.map(({ mountPath }) => mountPath);
    for (const path of [data.SIDELIGHT_SECRET_FILE, data.SIDELIGHT_DATABASE_PASSWORD_FILE])
      expect(
        mounted.some((mount) => path?.startsWith(`${mount}/`)),
        path,
      ).toBe(true);
    const volumes = pod.volumes.map(({ name }) => name).sort();
    expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes);
  });

  it('let the bridge out to all that the documents recommend: the database, Redis, a collector of traces', () => {
    const { egress } = one('NetworkPolicy').spec as { egress: { ports: { port: number }[] }[] };
    const open = egress.flatMap(({ ports }) => ports.map(({ port }) => port));
    expect(open).toEqual(expect.arrayContaining([53, 443, 5432, 6379, 4317, 4318]));
  });

  it('are told with a command that reads all pods, by the label they have, from the beginning', () => {
    const [, selector = ''] = /kubectl -n sidelight logs -l (\S+) --prefix --tail=-1/.exec(read(`${folder}/README.md`)) ?? [];
    const labels = Object.entries(deployment.template.metadata.labels).map(([name, value]) => `${name}=${value}`);
    expect(labels).toContain(selector);
  });

  it('hold no secret', () => {
    expect(manifests.map(({ kind }) => kind)).not.toContain('Secret');
    expect(Object.values(data).filter((value) => /:\/\/[^/\s]*:[^/\s]*@/.test(value))).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../src/lib/clock.ts';
import { refusals } from '../../src/lib/refusal.ts';
import { catalogue } from '../../src/telemetry/catalogue.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Rule {
  expr: string;
  for: string;
}

/** The table of alerts in docs/operating.md. */
const told: Rule[] = [...read('docs/operating.md').matchAll(/^\| [a-z ]+ \| `(.+?)` for (\w+) \|/gm)].map(
  ([, expr = '', duration = '']) => ({ expr: expr.replaceAll('\\|', '|'), for: duration }),
);
const file = parse(read('examples/prometheus/alerts.yaml')) as { groups: { rules: (Rule & { alert: string })[] }[] };
const rules = file.groups.flatMap((group) => group.rules);

/** What Prometheus adds by itself. */
const added = ['instance', 'job'];

/** Every metric a query asks for, with the labels it names in braces. */
function asked(expr: string): { name: string; labels: Record<string, string> }[] {
  return [...expr.matchAll(/\b((?:sidelight|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', inBraces = '']) => ({
      name,
      labels: Object.fromEntries([...inBraces.matchAll(/(\w+)(?:=~|!=|=)"([^"]*)"/g)].map(([, label, value]) => [label, value])),
    }),
  );
}

describe('the alerts', () => {
  it('are the same in the documents and in the rule file, which names each once', () => {
    expect(told.length).toBeGreaterThan(10);
    expect(rules.map(({ expr, for: duration }) => ({ expr, for: duration }))).toEqual(told);
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it('ask for metrics that there are', async () => {
    const text = await (await createMetrics(systemClock)).text();
    const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
    const isThere = (name: string) =>
      types.has(name) || (name.endsWith('_bucket') && types.get(name.slice(0, -'_bucket'.length)) === 'histogram');
    const names = rules.flatMap(({ expr }) => asked(expr).map(({ name }) => name));
    expect(names.length).toBeGreaterThanOrEqual(rules.length);
    expect(names.filter((name) => !isThere(name))).toEqual([]);
  });

  it('see calls fail also where none of them reaches a tool', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'SidelightCallsFail') ?? {};
    const failing = asked(expr).filter(({ labels }) => labels.code !== undefined);
    expect(failing.map(({ name }) => name)).toEqual(['sidelight_http_requests_total', 'sidelight_calls_total']);
    for (const { labels } of failing) expect(labels.code?.split('|')).toEqual(['internal_error', 'unavailable']);
    // Each half is a share of its own, so that one without a series takes nothing from the other.
    expect(expr.split(' or ')).toHaveLength(2);
  });

  it('name labels and values that these metrics have', () => {
    for (const { expr } of rules) {
      const labels = new Set(added);
      for (const { name, labels: named } of asked(expr)) {
        const entry = Object.values(catalogue).find((each) => each.name === name.replace(/_bucket$/, ''));
        const its: readonly string[] = entry?.labels ?? [];
        for (const label of its) labels.add(label);
        if (name.endsWith('_bucket')) labels.add('le');
        expect(Object.keys(named).filter((label) => !its.includes(label), expr)).toEqual([]);
        const codes = named.code?.split('|') ?? [];
        expect(codes.filter((code) => !Object.hasOwn(refusals, code))).toEqual([]);
        const values: readonly string[] | undefined = entry !== undefined && 'values' in entry ? entry.values : undefined;
        if (values !== undefined) for (const value of Object.values(named)) expect(values).toContain(value);
      }
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
        list.split(',').map((label) => label.trim()),
      );
      expect(
        grouped.filter((label) => !labels.has(label)),
        expr,
      ).toEqual([]);
    }
  });
});

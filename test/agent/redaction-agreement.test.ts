import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../agents-sim/random.ts';
import { withoutMarkers } from '../../src/redaction/marker.ts';
import { defaultRedactionPolicy } from '../../src/redaction/policy.ts';
import { rules } from '../../src/redaction/rules.ts';
import { Session } from '../../src/redaction/session.ts';
import { scrubText } from '../../src/redaction/walk.ts';
import { byHandCases, byHandHarmless } from '../redaction/corpus-by-hand.ts';
import { developmentCases } from '../redaction/corpus-cases.ts';
import { developmentHarmless } from '../redaction/corpus-harmless.ts';
import { heldOutCases } from '../redaction/corpus-held-out.ts';
import { heldOutHarmless } from '../redaction/corpus-held-out-harmless.ts';
import { leaks } from '../redaction/corpus-score.ts';
import { agentSecrets } from './secret-samples.ts';

const seed = 6;
const secrets = agentSecrets();
const inAgent = (text: string): string => secrets.hide(text, Number.MAX_SAFE_INTEGER, {});
const inBridge = (text: string): string => scrubText(new Session(defaultRedactionPolicy, 'key'), text);

/** Every text of a value, names included. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** Texts that have to be decoded first: the agent leaves them to the bridge. */
const encoded = new Set(['base64', 'base64url in a query', 'percent-encoded']);
/** Least share of what the bridge finds that the agent hides as well, where it is not all. */
const floors: Record<string, number> = { 'high-entropy': 0, 'url-password': 0.9 };

interface Row {
  bridge: number;
  agent: number;
  /** The first texts that only the bridge hides. */
  missed: string[];
}

describe('what the bridge finds in a text, and the agent', () => {
  const rows = new Map<string, Row>();
  const kept: string[] = [];
  let found = 0;
  let hidden = 0;

  beforeAll(() => {
    const cases = [
      ...byHandCases,
      ...developmentCases(createRandom(seed).next),
      ...heldOutCases(createRandom(seed + 2).next),
    ].filter(({ rule }) => rules[rule]?.kind === 'secret');
    for (const { rule, place, secret, capture } of cases) {
      const texts = textsOf([capture.scopes, capture.expressions, capture.at]).filter((text) => text.includes(secret));
      for (const text of texts) {
        const isFound = !leaks(withoutMarkers(inBridge(text)), secret);
        const isHidden = !leaks(withoutMarkers(inAgent(text)), secret);
        if (isHidden && !isFound) kept.push(`${rule}, ${place}: ${text}`);
        if (!isFound) continue;
        found += 1;
        hidden += Number(isHidden);
        if (encoded.has(place)) continue;
        const row = rows.get(rule) ?? { bridge: 0, agent: 0, missed: [] };
        rows.set(rule, row);
        row.bridge += 1;
        row.agent += Number(isHidden);
        if (!isHidden) row.missed.push(`${place}: ${text}`);
      }
    }
  });

  it('of the secrets that the bridge finds by their form, the agent hides nine in ten before they leave the process', () => {
    expect(found).toBeGreaterThan(1_200);
    expect(hidden / found).toBeGreaterThan(0.88);
  });

  it('the agent hides every class, except where text has to be decoded or judged by its randomness', () => {
    for (const [rule, { bridge, agent, missed }] of rows)
      expect(agent / bridge, `${rule}: ${missed.slice(0, 5).join('\n')}`).toBeGreaterThanOrEqual(floors[rule] ?? 1);
    expect(rows.size).toBeGreaterThan(20);
  });

  it('nothing that the agent hides is shown by the bridge', () => {
    expect(kept).toEqual([]);
  });

  it('what both leave alone is the same: the agent changes no harmless text that the bridge shows', () => {
    const harmless = [
      ...byHandHarmless,
      ...developmentHarmless(createRandom(seed + 1).next),
      ...heldOutHarmless(createRandom(seed + 3).next),
    ];
    const texts = harmless.flatMap(({ capture }) => textsOf([capture.scopes, capture.expressions, capture.at]));
    expect(texts.length).toBeGreaterThan(2_000);
    for (const text of texts) {
      const shown = inAgent(text);
      if (shown !== text) expect(inBridge(text), `the agent shows ${shown}`).not.toBe(text);
    }
  });
});

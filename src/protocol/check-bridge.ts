import {
  type Checked,
  checkFrame,
  clamped,
  exactly,
  flag,
  instant,
  integer,
  label,
  list,
  oneOf,
  optional,
  plain,
  record,
  table,
  text,
  whole,
} from './check.ts';
import type { Action, AgentPolicy, BridgeFrame } from './frames.ts';
import { limits } from './limits.ts';
import type { NameRules } from './names.ts';

const id = plain(80, 1);
const sequence = integer(0, Number.MAX_SAFE_INTEGER);
const words = list(plain(80, 1), 1_000);

/** Ceilings of an action are clamped, not argued about: the stricter one wins. */
const action = record<Action>({
  id,
  rev: sequence,
  kind: oneOf(['snapshot']),
  where: record<Action['where']>({
    file: plain(1_000, 1),
    line: integer(1, 10_000_000),
    column: optional(integer(1, 10_000_000)),
  }),
  condition: optional(text(limits.maxExpressionChars)),
  expressions: list(text(limits.maxExpressionChars), limits.maxExpressions),
  limits: record<Action['limits']>({
    hits: whole(limits.minHits, limits.maxHits),
    depth: whole(0, limits.maxDepth),
    ttlMs: clamped(0, limits.maxTimeoutSeconds * 1_000),
  }),
});

const policy = record<AgentPolicy>({
  names: record<NameRules>({ hidden: table(words, 200), harmlessEndings: words, harmlessBeginnings: words }),
  pause: flag,
});

/** Reads one frame from a bridge. Never throws; bounds what comes back, whatever was sent. */
export function checkBridgeFrame(value: unknown): Checked<BridgeFrame> {
  return checkFrame<BridgeFrame>(value, {
    welcome: {
      t: exactly('welcome'),
      session: id,
      now: instant,
      beatMs: whole(100, 60_000),
      maxSilenceMs: whole(100, limits.maxSilenceMs),
      ackedN: sequence,
      policy,
      actions: list(action, limits.maxActionsPerAgent),
    },
    arm: { t: exactly('arm'), action },
    remove: { t: exactly('remove'), id, reason: oneOf(['cancelled', 'limit', 'expired', 'policy']) },
    ack: { t: exactly('ack'), n: sequence },
    policy: { t: exactly('policy'), policy },
    beat: { t: exactly('beat'), ts: instant },
    error: {
      t: exactly('error'),
      code: oneOf(['auth', 'version', 'revoked', 'too-big', 'rate', 'bad-frame', 'unsupported', 'draining']),
      message: label(500),
    },
  });
}

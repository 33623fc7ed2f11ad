import {
  type Checked,
  checkFrame,
  clamped,
  exactly,
  flag,
  instant,
  integer,
  known,
  label,
  list,
  Malformed,
  matching,
  oneOf,
  optional,
  ownField,
  plain,
  type Reader,
  record,
  table,
  text,
  traceparent,
  whole,
} from './check.ts';
import {
  type Action,
  type AgentPolicy,
  actionKinds,
  type BridgeFrame,
  type Budget,
  type DurationOptions,
  engines,
  type LogOptions,
  logLevels,
  type StateFrame,
  type Where,
} from './frames.ts';
import { limits } from './limits.ts';
import type { NameRules } from './names.ts';
import { nonce } from './seal.ts';
import type { SecretRules, TokenForm } from './secret-rules.ts';

const id = plain(80, 1);
const sequence = integer(0, Number.MAX_SAFE_INTEGER);
const words = list(plain(80, 1), 1_000);

/** The beginnings of tokens, and the characters they go on with. */
const ascii = matching(/^[!-~]{2,40}$/, '2 to 40 ASCII characters');
const tokenChars = integer(1, 65_536);

const line = integer(1, 10_000_000);
const sourceLine = text(limits.maxQueryChars);
const sourceLines = list(sourceLine, limits.maxLinesAround);

const where = record<Where>({
  file: plain(limits.maxFileChars, 1),
  line,
  column: optional(line),
  expectLine: optional(sourceLine),
  around: optional(record<NonNullable<Where['around']>>({ before: sourceLines, after: sourceLines })),
});

/** Ceilings of an action are clamped, not argued about: the stricter one wins. */
const action = record<Action>({
  id,
  rev: sequence,
  kind: oneOf(actionKinds),
  where,
  condition: optional(text(limits.maxExpressionChars)),
  expressions: list(text(limits.maxExpressionChars), limits.maxExpressions),
  log: optional(
    record<LogOptions>({
      template: text(limits.maxTemplateChars),
      level: oneOf(logLevels),
      perSecond: clamped(1, limits.maxLogsPerSecond),
      toStdout: flag,
    }),
  ),
  duration: optional(
    record<DurationOptions>({
      span: oneOf(['function', 'lines']),
      to: optional(where),
      thresholdMs: optional(clamped(0, limits.maxTimeoutSeconds * 1_000)),
    }),
  ),
  limits: record<Action['limits']>({
    hits: whole(limits.minHits, limits.maxHits),
    depth: whole(0, limits.maxDepth),
    ttlMs: clamped(0, limits.maxTimeoutSeconds * 1_000),
  }),
  traceparent,
});

const policy = record<AgentPolicy>({
  names: record<NameRules>({ hidden: table(words, 200), harmlessEndings: words, harmlessBeginnings: words }),
  secrets: optional(
    record<SecretRules>({
      tokens: list(
        record<TokenForm>({
          rule: matching(/^[a-z][a-z0-9-]{0,39}$/, 'the name of a rule'),
          prefixes: list(ascii, 200),
          characters: ascii,
          min: tokenChars,
          max: tokenChars,
        }),
        400,
      ),
      schemes: words,
      harmlessValues: words,
      instructions: words,
      codeRoots: words,
      wholeLines: words,
      codes: words,
      urlNames: optional(words),
    }),
  ),
  pause: flag,
  budget: optional(
    record<Budget>({
      share: optional(clamped(0, limits.maxShare)),
      armMs: optional(clamped(0, limits.maxArmMs)),
      engines: optional(known(engines)),
    }),
  ),
});

const query = optional(text(limits.maxQueryChars, 1));

/** What to answer for an action that cannot be read; the rest of its frame stands. */
export type Declined = Pick<StateFrame, 'id' | 'rev' | 'state' | 'hits' | 'code' | 'message'>;

/** A frame of the bridge, or why it is none. `declined` is there only when an action in it cannot be taken. */
export type CheckedFromBridge = Checked<BridgeFrame> & { declined?: Declined[] };

/**
 * Reads one frame from a bridge. Never throws; bounds what comes back, whatever was sent. One bad action does not refuse a
 * welcome: the agent would stay out for as long as that action lives.
 */
export function checkBridgeFrame(value: unknown): CheckedFromBridge {
  const declined: Declined[] = [];
  const asked: Reader<Action> = (one, path) => {
    try {
      return action(one, path);
    } catch (error) {
      if (error instanceof Malformed) declined.push(...decline(one, error.message));
      throw error;
    }
  };
  const checked = checkFrame<BridgeFrame>(value, {
    challenge: { t: exactly('challenge'), nonce },
    welcome: {
      t: exactly('welcome'),
      session: id,
      now: instant,
      beatMs: whole(100, 60_000),
      maxSilenceMs: whole(100, limits.maxSilenceMs),
      ackedN: sequence,
      policy,
      actions: eachReadable(asked, limits.maxActionsPerAgent),
    },
    arm: { t: exactly('arm'), action: asked },
    remove: { t: exactly('remove'), id, reason: oneOf(['cancelled', 'limit', 'expired', 'policy']) },
    ack: { t: exactly('ack'), n: sequence },
    policy: { t: exactly('policy'), policy },
    locate: {
      t: exactly('locate'),
      q: id,
      function: query,
      snippet: query,
      stackLine: query,
      file: optional(plain(limits.maxFileChars, 1)),
      limit: whole(1, limits.maxPlaces),
    },
    beat: { t: exactly('beat'), ts: instant },
    error: {
      t: exactly('error'),
      code: oneOf(['auth', 'version', 'revoked', 'too-big', 'rate', 'bad-frame', 'unsupported', 'draining']),
      message: label(500),
    },
  });
  return declined.length === 0 ? checked : { ...checked, declined };
}

/** The items that can be read; the others are left out. */
function eachReadable<T>(item: Reader<T>, max: number): Reader<T[]> {
  const read = list<T | undefined>((one, path) => {
    try {
      return item(one, path);
    } catch (error) {
      if (error instanceof Malformed) return undefined;
      throw error;
    }
  }, max);
  return (value, path) => read(value, path).filter((one) => one !== undefined);
}

/** One answer, or none where not even the name of the action can be read. */
function decline(value: unknown, message: string): Declined[] {
  if (typeof value !== 'object' || value === null) return [];
  try {
    const named = { id: id(ownField(value, 'id'), 'id'), rev: sequence(ownField(value, 'rev'), 'rev') };
    return [{ ...named, state: 'failed', hits: 0, code: 'unsupported', message: message.slice(0, limits.maxMessageChars) }];
  } catch {
    return [];
  }
}

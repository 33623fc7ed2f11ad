import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Refusal } from '../lib/refusal.ts';
import type { Mistake } from '../lib/strict-yaml.ts';
import { type PolicyTexts, parsePolicies, policyFiles, type Registered, readPolicyTexts } from './load.ts';
import type { Policies } from './policies.ts';

/** What made the bridge read the files again. */
export type Trigger = 'files' | 'signal' | 'operator';

/** A set of files that took effect. */
export interface Reloaded {
  /** SHA-256 over what is in force, hex. */
  hash: string;
  /** Files whose text is another one than before. */
  changed: string[];
  /** identity.yaml differs from what was read at the start and is not in force. */
  needsRestart: boolean;
}

/** Which policies are in force, and what is wrong with the files when they say something else. */
export interface PolicyStatus {
  hash: string;
  /** Milliseconds since the epoch. */
  since: number;
  needsRestart: boolean;
  /** The files as they are now, when they cannot be taken; `at` in milliseconds since the epoch. */
  refused?: { at: number; message: string; mistakes: Mistake[] };
}

/** The policies by which the bridge decides, which change as a whole or not at all. */
export interface PoliciesInForce {
  now(): Policies;
  status(): PolicyStatus;
  /** Reads the files and takes them. Throws a Refusal that names every mistake; then nothing has changed. */
  reload(trigger: Trigger): Promise<Reloaded>;
  /** Takes the files when they are others than when they were last read. Mistakes are logged. */
  look(): Promise<void>;
}

/** Where the policies come from. */
export interface PolicySource {
  directory: string;
  registered: Registered;
  texts: PolicyTexts;
  policies: Policies;
}

/** What a reload is told to. */
export interface ReloadEffects {
  /** Before a set takes effect; when it throws, the set before stays in force. */
  record(policyHash: string, before: string, trigger: Trigger, changed: string[]): Promise<void>;
  /** After a set was refused; `mistakes` as `file:line:column`. */
  recordRefused(policyHash: string, trigger: Trigger, mistakes: string[]): Promise<void>;
  /** After a set took effect. */
  took(): Promise<void>;
}

/** Between two readings that must agree, so that no half of a change is taken. */
const steadyMs = 100;
const maxReadings = 20;

/** Reads the policies of a start. Throws a Refusal that names every mistake. */
export async function readPolicies(directory: string, registered: Registered): Promise<PolicySource> {
  const texts = await readPolicyTexts(directory);
  return { directory, registered, texts, policies: parsePolicies(directory, texts, registered) };
}

/** Keeps the policies of a start in force until other files are taken. Reloads run one after the other. */
export function keepInForce(start: PolicySource, clock: Clock, log: Log, effects: ReloadEffects): PoliciesInForce {
  const { directory, registered } = start;
  let { texts, policies } = start;
  let since = clock.now();
  let needsRestart = false;
  let refused: PolicyStatus['refused'];
  let seen = keyOf(texts);
  let isTold = true;
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = last.then(run, run);
    last = turn.catch(() => undefined);
    return turn;
  };

  const tell = async (): Promise<void> => {
    if (isTold) return;
    try {
      await effects.took();
      isTold = true;
    } catch (problem) {
      log.error({ err: problem }, 'the agents were not told of the changed policies; it is tried again');
    }
  };

  const take = async (found: PolicyTexts, trigger: Trigger): Promise<Reloaded> => {
    const checked = parsePolicies(directory, found, registered);
    const wanted = { ...found, 'identity.yaml': start.texts['identity.yaml'] };
    const isOther = found['identity.yaml'] !== wanted['identity.yaml'];
    const changed = policyFiles.filter((name) => wanted[name] !== texts[name]);
    if (changed.length > 0) {
      const next = isOther ? parsePolicies(directory, wanted, registered) : checked;
      await effects.record(next.hash, policies.hash, trigger, changed).catch((cause: unknown) => {
        const refusal = new Refusal({
          code: 'unavailable',
          message: 'The policies were not changed, because that could not be recorded in the audit trail.',
          next: 'See the log and the database of the bridge.',
        });
        refusal.cause = cause;
        throw refusal;
      });
      policies = next;
      texts = wanted;
      since = clock.now();
      isTold = false;
      log.info({ policyHash: next.hash, changed, trigger }, 'the policies were changed');
    }
    if (isOther && !needsRestart) log.warn('identity.yaml was changed; it needs a restart');
    needsRestart = isOther;
    refused = undefined;
    await tell();
    return { hash: policies.hash, changed, needsRestart };
  };

  const refuse = async (problem: Refusal, trigger: Trigger): Promise<void> => {
    const told = problem.details.data?.mistakes;
    const mistakes = Array.isArray(told) ? (told as Mistake[]) : [];
    refused = { at: clock.now(), message: problem.message, mistakes };
    log.error({ trigger, mistakes: problem.message.split('\n') }, 'the policy files were not taken; those before stay in force');
    const places = mistakes.map(
      ({ file, line, column }) => `${file.slice(directory.length).replace(/^[\\/]/, '')}:${line}:${column}`,
    );
    await effects.recordRefused(policies.hash, trigger, places).catch((cause: unknown) => {
      log.error({ err: cause }, 'refused policy files could not be recorded in the audit trail');
    });
  };

  const read = async (trigger: Trigger, isWanted: (key: string) => boolean): Promise<Reloaded | undefined> => {
    let key = '';
    try {
      const found = await readSteady(directory, isWanted);
      if (found === undefined) return undefined;
      key = keyOf(found);
      const taken = await take(found, trigger);
      seen = key;
      return taken;
    } catch (problem) {
      if (!(problem instanceof Refusal)) throw problem;
      if (problem.code === 'unavailable') throw problem;
      const told = key === '' ? problem.message : key;
      if (!isWanted(told)) return undefined;
      seen = told;
      await refuse(problem, trigger);
      throw problem;
    }
  };

  return {
    now: () => policies,
    status: () => ({ hash: policies.hash, since, needsRestart, ...(refused === undefined ? {} : { refused }) }),
    reload: (trigger) =>
      inTurn(async () => (await read(trigger, () => true)) ?? { hash: policies.hash, changed: [], needsRestart }),
    look: () =>
      inTurn(async () => {
        await tell();
        await read('files', (key) => key !== seen).catch((problem: unknown) => {
          // Mistakes have been told; what could not be recorded is tried again.
          if (!(problem instanceof Refusal) || problem.code === 'unavailable')
            log.error({ err: problem }, 'the policy files could not be taken');
        });
      }),
  };
}

/** The texts as soon as two readings agree; undefined when the first is not wanted. */
async function readSteady(directory: string, isWanted: (key: string) => boolean): Promise<PolicyTexts | undefined> {
  let before = await outcomeOf(directory);
  if (!isWanted(before.key)) return undefined;
  for (let reading = 1; reading < maxReadings; reading++) {
    await pause(steadyMs);
    const now = await outcomeOf(directory);
    if (now.key === before.key) break;
    before = now;
  }
  if (before.texts === undefined) throw before.problem;
  return before.texts;
}

interface Reading {
  /** Equal for equal texts, and for equal problems. */
  key: string;
  texts?: PolicyTexts;
  problem?: unknown;
}

async function outcomeOf(directory: string): Promise<Reading> {
  try {
    const texts = await readPolicyTexts(directory);
    return { key: keyOf(texts), texts };
  } catch (problem) {
    const told =
      problem instanceof Refusal
        ? problem
        : new Refusal({
            code: 'invalid_input',
            message: `${directory}: a policy file cannot be read (${(problem as NodeJS.ErrnoException).code ?? 'unknown'}).`,
          });
    return { key: told.message, problem: told };
  }
}

const keyOf = (texts: PolicyTexts): string => JSON.stringify(policyFiles.map((name) => texts[name]));

import type { Problem, StateFrame } from '../protocol/frames.ts';
import { cleanLabel } from '../redaction/clean.ts';
import type { RedactionPolicy } from '../redaction/policy.ts';
import { scrubSums } from '../redaction/sums.ts';
import { endOf, scrubReportedPlace, scrubThrown, scrubWords } from '../redaction/words.ts';
import { type ActionRecord, goneStates } from './action.ts';
import { agentRefusal } from './agent-refusals.ts';
import type { ActionContext } from './context.ts';
import { finish } from './finish.ts';

/** Characters kept of a message from an agent. */
const maxMessageChars = 500;
/** Places kept of one target, and characters of a file in them: of a longer one its end, which is what tells files apart. */
const maxPlaces = 5;
const maxFileChars = 300;
/** Characters kept of all that an agent says of one action, but for its sums, which the protocol bounds: lists of actions read all of it. */
const maxReportChars = 4_096;
/** Characters of each of its words where all together are more than that. */
const maxShortChars = 200;

/** Takes in what an agent says of one action, and ends the action when no agent is left that could still hit. */
export async function observe(
  context: ActionContext,
  redaction: RedactionPolicy,
  org: string,
  agentId: string,
  frame: StateFrame,
): Promise<void> {
  const { id, state } = frame;
  const sums = await sumsOf(context, redaction, org, frame);
  const { listeners } = await context.store.setTarget(org, id, { ...bounded(reportOf(agentId, frame, redaction)), sums });
  if (goneStates.has(state)) {
    const action = await context.store.get(org, id);
    if (action?.status === 'pending') await endIfHopeless(context, action);
  }
  context.waker.wake(id, listeners);
}

/** The numbers of a metric are captured values as much as any others. */
async function sumsOf({ store }: ActionContext, redaction: RedactionPolicy, org: string, { id, sums }: StateFrame) {
  if (sums?.values === undefined) return sums;
  const action = await store.get(org, id);
  const [expression] = action?.kind === 'metric' ? action.expressions : [];
  return expression === undefined ? sums : scrubSums(sums, expression, redaction);
}

/** What is kept of a state frame; its texts are the agent's words, so they become plain short lines with nothing in them to hide. */
function reportOf(
  agentId: string,
  { n, state, at, hits, skipped, engine, passes, lastError, code, message, problem }: StateFrame,
  redaction: RedactionPolicy,
) {
  const words = (text: string | undefined) => (text === undefined ? undefined : scrubWords(text, redaction, maxMessageChars));
  const places = at?.slice(0, maxPlaces).map((place) => {
    const scrubbed = scrubReportedPlace(place, redaction);
    return { ...scrubbed, file: endOf(scrubbed.file, maxFileChars) };
  });
  const means = engine && { name: engine.name, why: words(engine.why) ?? '' };
  const counts = { skipped, engine: means, passes, ...(hits > 0 ? { taken: hits } : {}) };
  const said = {
    lastError: lastError === undefined ? undefined : scrubThrown(lastError, redaction, maxMessageChars),
    code,
    message: words(message),
    problem: problem && scrubProblem(problem, redaction),
  };
  return { agentId, state, saidIn: n, at: places, ...counts, ...said };
}

type Report = ReturnType<typeof reportOf>;

/** What matters least goes first, until the rest is short enough. */
const shorter: readonly ((report: Report) => Report)[] = [
  (report) => ({ ...report, at: report.at?.slice(0, 1) }),
  (report) => ({ ...report, at: report.at?.map(({ text: _, ...place }) => place) }),
  (report) => ({ ...report, problem: report.problem && withoutLists(report.problem) }),
  ({ at, engine, lastError, message, problem, ...report }) => ({
    ...report,
    at: at?.map((place) => ({ ...place, ...(place.function === undefined ? {} : { function: short(place.function) }) })),
    engine: engine && { ...engine, why: short(engine.why) },
    lastError: lastError && short(lastError),
    message: message && short(message),
    problem: problem && { ...problem, ...(problem.name === undefined ? {} : { name: short(problem.name) }) },
  }),
];

/** The report within its bound, which that of an honest agent keeps anyway. */
function bounded(report: Report): Report {
  let kept = report;
  for (const shorten of shorter) {
    if (JSON.stringify(kept).length <= maxReportChars) break;
    kept = shorten(kept);
  }
  return kept;
}

const short = (text: string) => cleanLabel(text, maxShortChars);

function withoutLists({ nearest: _nearest, names: _names, deployed: _deployed, ...rest }: Problem): Problem {
  return rest;
}

/** Names and lines of the program are an agent's words, too. */
function scrubProblem({ name, nearest, names, deployed, ...rest }: Problem, redaction: RedactionPolicy): Problem {
  const words = (texts: string[]) => texts.map((text) => scrubWords(text, redaction, maxMessageChars));
  return {
    ...rest,
    ...(name === undefined ? {} : { name: scrubWords(name, redaction, maxMessageChars) }),
    ...(nearest === undefined ? {} : { nearest: words(nearest) }),
    ...(names === undefined ? {} : { names: words(names) }),
    ...(deployed === undefined ? {} : { deployed: words(deployed) }),
  };
}

async function endIfHopeless(context: ActionContext, action: ActionRecord): Promise<void> {
  if (!action.targets.every((target) => goneStates.has(target.state))) return;
  const failed = action.targets.find((target) => target.state === 'failed');
  if (failed !== undefined) await finish(context, action.org, action.id, 'failed', agentRefusal(action, failed).message);
}

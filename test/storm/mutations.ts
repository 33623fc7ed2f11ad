/** A fault to be planted in the bridge, to see that a storm finds it. */
export interface Mutation {
  name: string;
  file: string;
  /** Stands there once. */
  text: string;
  instead: string;
  /** Worlds in which it shows soonest. */
  kind: 'calm' | 'prompt' | 'wild';
  /** The promise that is broken then. */
  rule: string;
}

/** Each is found by `npx tsx test/storm/mutate.ts`, by the checker that it is for. */
export const mutations: readonly Mutation[] = [
  {
    name: 'no-epoch-check',
    file: 'src/agents.ts',
    text: 'hasMoved: (agent, epoch) => (epochs.get(agent) ?? epoch) < epoch,',
    instead: 'hasMoved: () => true,',
    kind: 'prompt',
    rule: 'a connection that works is left alone',
  },
  {
    name: 'disconnected-without-epoch',
    file: 'src/storage/agent-store.ts',
    text: 'where org = $1 and id = $2 and replica = $4 and epoch = $5 and',
    instead: 'where org = $1 and id = $2 and replica = $4 and $5::int8 is not null and',
    kind: 'wild',
    rule: 'who is connected is written down',
  },
  {
    name: 'not-taken-off',
    file: 'src/actions/finish.ts',
    text: 'takenOff: takeOff(context, action, status)',
    instead: 'takenOff: Promise.resolve()',
    kind: 'calm',
    rule: 'what has ended is taken off at once',
  },
  {
    name: 'left-behind-for-ever',
    file: 'src/actions/look-after.ts',
    text: 'await Promise.allSettled(left.map(',
    instead: 'await Promise.allSettled(left.slice(left.length).map(',
    kind: 'wild',
    rule: 'what has ended is taken off',
  },
  {
    name: 'forget-listeners',
    file: 'src/actions/waker.ts',
    text: '      wakeThere(listeners, actionId);\n',
    instead: '',
    kind: 'calm',
    rule: 'a wait hears of it at once',
  },
  {
    name: 'listens-to-nobody',
    file: 'src/actions/wait.ts',
    text: 'store.listen(org, id, replica)',
    instead: 'Promise.resolve()',
    kind: 'calm',
    rule: 'a wait hears of it at once',
  },
  {
    name: 'asks-for-ever',
    file: 'src/replicas/asks.ts',
    text: 'const until = clock.monotonic() + answerMs;',
    instead: 'const until = Number.MAX_SAFE_INTEGER + answerMs;',
    kind: 'prompt',
    rule: 'every call ends',
  },
  {
    name: 'wait-for-ever',
    file: 'src/actions/wait.ts',
    text: 'if (waitedMs >= waitMs ||',
    instead: 'if (waitedMs < 0 ||',
    kind: 'calm',
    rule: 'every call ends',
  },
  {
    name: 'no-charge',
    file: 'src/quota/charge.ts',
    text: "quota: 'calls_per_hour', subject, amount: 1,",
    instead: "quota: 'calls_per_hour', subject, amount: 0,",
    kind: 'calm',
    rule: 'every answer is charged',
  },
  {
    name: 'answers-other-org',
    file: 'src/storage/action-store.ts',
    text: "'where a.org = $1 and a.id = $2'",
    instead: "'where $1::text is not null and a.id = $2'",
    kind: 'calm',
    rule: 'a caller sees only what it reaches',
  },
  {
    name: 'one-action-too-many',
    file: 'src/storage/place-action.ts',
    text: 'agent.used >= quota.concurrentPerAgent',
    instead: 'agent.used > quota.concurrentPerAgent',
    kind: 'calm',
    rule: 'concurrent actions per agent',
  },
  {
    name: 'hits-are-not-given-back',
    file: 'src/storage/action-store.ts',
    text: 'if (unspent > 0) await giveBack(',
    instead: 'if (unspent < 0) await giveBack(',
    kind: 'calm',
    rule: 'hits per hour are what was placed',
  },
  {
    name: 'offers-to-everybody',
    file: 'src/actions/offer.ts',
    text: 'fits(agent, action.source) && reaches(action, agent);',
    instead: 'fits(agent, action.source);',
    kind: 'prompt',
    rule: 'an action is only where its placer reaches',
  },
  {
    name: 'revoked-agents-stay',
    file: 'src/hub/hub.ts',
    text: 'if (session.enrolment.keyId === keyId) session.turnOut(',
    instead: "if (session.enrolment.keyId === '') session.turnOut(",
    kind: 'prompt',
    rule: 'agents of a revoked key are turned out',
  },
  {
    name: 'files-are-not-read-again',
    file: 'src/authorization/in-force.ts',
    text: "await read('files', (key) => key !== seen)",
    instead: "await read('files', () => false)",
    kind: 'prompt',
    rule: 'replicas decide by the files',
  },
  {
    name: 'timers-multiply',
    file: 'src/housekeeping.ts',
    text: '      run().then(again, (problem: unknown) => {',
    instead: '      again();\n      run().then(again, (problem: unknown) => {',
    kind: 'calm',
    rule: 'memory is bounded',
  },
  {
    name: 'ends-nothing',
    file: 'src/actions/finish.ts',
    text: 'for (const { org, id } of await store.overdue(now)) await finish(',
    instead: 'for (const { org, id } of (await store.overdue(now)).slice(10_000)) await finish(',
    kind: 'calm',
    rule: 'an action ends when its time is up',
  },
];

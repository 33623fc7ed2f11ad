/**
 * Ceilings that no message, policy or setting can raise. Both sides apply them: the bridge refuses or clamps, and the
 * agent clamps again, so that neither has to trust the other.
 */
export const limits = {
  /** Hits one action may record. */
  minHits: 1,
  maxHits: 50,
  defaultHits: 1,
  /** Nested levels of containers that are opened below a variable or an expression's value. */
  maxDepth: 3,
  /** Life of an action. */
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 600,
  defaultTimeoutSeconds: 60,
  /** Watch expressions of one action. */
  maxExpressions: 10,
  /** Characters of one expression or condition. */
  maxExpressionChars: 1_000,
  /** Nodes of one parsed expression. */
  maxExpressionNodes: 64,
  /** Stack frames of a capture. */
  maxStackFrames: 20,
  /** Own fields shown of one object. */
  maxFields: 30,
  /** Elements shown of one array, map or set. */
  maxElements: 10,
  /** Characters shown of one string. */
  maxStringChars: 256,
  /** Characters of a name: a field, variable, class or function. */
  maxNameChars: 200,
  /** Characters of a message and of an error's stack text. */
  maxMessageChars: 500,
  maxErrorStackChars: 4_000,
  /** Lines a second a logpoint may write, and without a wish. */
  maxLogsPerSecond: 100,
  defaultLogsPerSecond: 10,
  /** Characters of a logpoint's template, and of the line it becomes. */
  maxTemplateChars: 1_000,
  maxLogChars: 2_000,
  /** Buckets of each side of a histogram. */
  maxBuckets: 160,
  /** Lines around a place: shown by `locate`, and given to find a moved line. */
  maxLinesAround: 5,
  /** Of a refused action: names in scope, names like the missing one, and places of a moved line. */
  maxNamesTold: 10,
  maxNearest: 3,
  maxLinesTold: 5,
  /** Characters of a query of `locate`, and places it answers. */
  maxQueryChars: 1_000,
  maxPlaces: 20,
  /** Share of one core for probes, milliseconds live edit may hold the program: without a policy, and at most. */
  defaultShare: 0.01,
  maxShare: 0.1,
  defaultArmMs: 50,
  maxArmMs: 5_000,
  /** Bytes of a hello. */
  maxHelloBytes: 24 * 1024,
  /** Characters of a file's path. */
  maxFileChars: 1_000,
  /** Characters shown of one source line. */
  maxLineChars: 200,
  /** Scopes of a capture, and variables of one scope. */
  maxScopes: 20,
  maxVariables: 100,
  /** Values in one capture. */
  maxNodes: 1_000,
  /** Bytes of one hit frame. */
  maxHitBytes: 256 * 1024,
  /**
   * Bytes of one frame from an agent, and of one from the bridge. A hit somewhat above its ceiling can be refused by its number; what is
   * larger ends the connection.
   */
  maxAgentFrameBytes: (256 + 16) * 1024,
  maxBridgeFrameBytes: 256 * 1024,
  /** Actions armed in one process at a time. */
  maxActionsPerAgent: 100,
  /** Frames the bridge has not acknowledged yet; the agent keeps them to send them again. */
  maxUnackedFrames: 256,
  /** An agent without a word from its bridge for this long removes every probe. */
  maxSilenceMs: 8_000,
  /** How often both sides send a beat. */
  beatMs: 2_000,
} as const;

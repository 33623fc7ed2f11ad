/**
 * Ceilings that no message, policy or setting can raise. Both sides apply them: the bridge refuses or clamps, and the
 * agent clamps again, so that neither has to trust the other.
 */
export declare const limits: {
    /** Hits one action may record. */
    readonly minHits: 1;
    readonly maxHits: 50;
    readonly defaultHits: 1;
    /** Nested levels of containers that are opened below a variable or an expression's value. */
    readonly maxDepth: 3;
    /** Life of an action. */
    readonly minTimeoutSeconds: 1;
    readonly maxTimeoutSeconds: 600;
    readonly defaultTimeoutSeconds: 60;
    /** Watch expressions of one action. */
    readonly maxExpressions: 10;
    /** Characters of one expression or condition. */
    readonly maxExpressionChars: 1000;
    /** Nodes of one parsed expression. */
    readonly maxExpressionNodes: 64;
    /** Stack frames of a capture. */
    readonly maxStackFrames: 20;
    /** Own fields shown of one object. */
    readonly maxFields: 30;
    /** Elements shown of one array, map or set. */
    readonly maxElements: 10;
    /** Characters shown of one string. */
    readonly maxStringChars: 256;
    /** Characters of a name: a field, variable, class or function. */
    readonly maxNameChars: 200;
    /** Characters of a message and of an error's stack text. */
    readonly maxMessageChars: 500;
    readonly maxErrorStackChars: 4000;
    /** Characters of a file's path. */
    readonly maxFileChars: 1000;
    /** Characters shown of one source line. */
    readonly maxLineChars: 200;
    /** Scopes of a capture, and variables of one scope. */
    readonly maxScopes: 20;
    readonly maxVariables: 100;
    /** Values in one capture. */
    readonly maxNodes: 1000;
    /** Bytes of one hit frame. */
    readonly maxHitBytes: number;
    /** Bytes of one frame from an agent, and of one from the bridge. */
    readonly maxAgentFrameBytes: number;
    readonly maxBridgeFrameBytes: number;
    /** Actions armed in one process at a time. */
    readonly maxActionsPerAgent: 100;
    /** Frames the bridge has not acknowledged yet; the agent keeps them to send them again. */
    readonly maxUnackedFrames: 256;
    /** An agent without a word from its bridge for this long removes every probe. */
    readonly maxSilenceMs: 8000;
    /** How often both sides send a beat. */
    readonly beatMs: 2000;
};

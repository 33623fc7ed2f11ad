/** Every wait and ceiling of the link; docs/agent.md tells them. */
export const linkLimits = {
  /** Connecting, TLS and upgrade together. */
  handshakeMs: 10_000,
  /** From the hello to the welcome; the bridge reads its storage in between. */
  welcomeMs: 15_000,
  closeMs: 2_000,
  /** A connection that stood this long was a good one: the next wait starts small again. */
  steadyMs: 5_000,
  /** Frames of one connection that may be unreadable. */
  maxBadFrames: 10,
  /** Frames that reach the program's thread within one second. */
  maxCommandsPerSecond: 200,
  /** A bridge that leaves more than this unread gets no beats until it reads. */
  maxUnreadBytes: 1024 * 1024,
} as const;

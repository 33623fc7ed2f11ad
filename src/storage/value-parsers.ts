const int8 = 20;
const timestamptz = 1184;

/** By type: how both engines hand out what JavaScript has no obvious type for. All counts and instants here are below 2^53. */
export const valueParsers: Record<number, (text: string) => number> = {
  [int8]: Number,
  [timestamptz]: (text) => Date.parse(text),
};

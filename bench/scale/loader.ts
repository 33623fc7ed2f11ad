/**
 * Flags of `node` that run TypeScript: none where it does so itself (22.18 and newer). What `tsx` makes of the code gives each function
 * its name anew, which doubles what a connection costs; memory and fan-outs are therefore to be measured without it.
 */
export const typescript: readonly string[] =
  'typescript' in process.features && process.features.typescript !== false ? [] : ['--import', 'tsx'];

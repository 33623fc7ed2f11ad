import { fileURLToPath } from 'node:url';
import { markedLine } from '../helpers/program.ts';

/** The program that clients look into. */
export const till = fileURLToPath(new URL('./programs/till.mjs', import.meta.url));

/** Arguments of a snapshot on the till's line; what it reads is `paid`. */
export const onTill = {
  source: { service: 'till' },
  file: 'programs/till.mjs',
  line: markedLine(till),
  expressions: ['paid'],
};

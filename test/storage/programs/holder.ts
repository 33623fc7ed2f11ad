import { systemClock } from '../../../src/lib/clock.ts';
import { createLog } from '../../../src/lib/log.ts';
import { openEmbedded } from '../../../src/storage/embedded.ts';

// Has the directory open until it is killed.
await openEmbedded({ directory: process.argv[2], log: createLog('silent'), clock: systemClock });
process.stdout.write('open\n');
setInterval(() => {}, 60_000);

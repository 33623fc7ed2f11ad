import { createLog } from '../../../src/lib/log.ts';

const [how = '', count = '1'] = process.argv.slice(2);
const log = createLog('info');
for (let at = 1; at <= Number(count); at++) log.info({ at, filling: 'x'.repeat(1_000) }, 'a line');
if (how === 'exit') process.exit(1);
if (how === 'throw') throw new Error('thrown at the end');
if (how === 'stay') {
  process.stdout.write('written');
  process.stdin.once('data', () => {
    log.info('the last line');
    process.stdin.destroy();
  });
}

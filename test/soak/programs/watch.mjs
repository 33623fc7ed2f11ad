// Goes into a process that is watched, before its own code: answers over the channel what the process holds.
import { readdirSync, readlinkSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapCodeStatistics, writeHeapSnapshot } from 'node:v8';

const resolutionMs = 20;
const loop = monitorEventLoopDelay({ resolution: resolutionMs });
loop.enable();

function counted(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** Open descriptors by what they are; undefined where there is no /proc. */
function descriptors() {
  try {
    const targets = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        // The one that read the directory is gone.
        return [];
      }
    });
    const files = new Set(targets.filter((target) => target.startsWith('/') && !target.endsWith(' (deleted)'))).size;
    return { fds: targets.length - files, files, sockets: targets.filter((target) => target.startsWith('socket:')).length };
  } catch {
    return undefined;
  }
}

function usage() {
  const loopP99Ms = Math.max(0, loop.percentile(99) / 1e6 - resolutionMs);
  globalThis.gc?.();
  // The collection itself is no delay of the program.
  loop.reset();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const code = getHeapCodeStatistics();
  return {
    ...{ heapBytes: heapUsed, externalBytes: external, bufferBytes: arrayBuffers, rssBytes: rss, cpuMicros: user + system },
    codeBytes: code.code_and_metadata_size + code.bytecode_and_metadata_size,
    ...{ loopP99Ms, resources: counted(process.getActiveResourcesInfo()), ...descriptors() },
  };
}

process.on('message', ({ n, ask, file }) => {
  if (ask === 'usage') process.send({ n, answer: usage() });
  else if (ask === 'heap snapshot') process.send({ n, answer: writeHeapSnapshot(file) });
});
// The program ends when it would without this.
process.channel?.unref();

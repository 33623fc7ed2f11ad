/** Call it before anything is started, so that nothing is left behind. Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((done) => {
    let stopping = false;
    const heard = () => {
      if (stopping) process.exit(1);
      stopping = true;
      done();
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}

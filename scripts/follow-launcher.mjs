// Loaded into every script by run.mjs: when run.mjs dies without a word (kill -9), the script ends too.

/** Time for the script to stop what it started, before it ends in any case. */
const STOP_GRACE_MS = 20_000;

process.on('disconnect', () => {
  setTimeout(() => process.exit(1), STOP_GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
// the listener alone would keep a finished script alive
process.channel?.unref();

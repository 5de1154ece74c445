// Loaded into every script by run.mjs: when run.mjs is killed (kill -9), the script ends too.

/** Time for the script to stop what it started, before it ends anyway. */
const STOP_GRACE_MS = 20_000;

process.on('disconnect', () => {
  setTimeout(() => process.exit(1), STOP_GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
// the listener must not keep a finished script alive
process.channel?.unref();

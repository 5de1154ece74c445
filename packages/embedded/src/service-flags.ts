/**
 * What each service's Node is started with, here as in the image (`infra/Dockerfile`).
 *
 * V8 lets the space for new objects grow to 128 MiB on machines with much memory, and each process then holds as much garbage; with 32 MiB a
 * message and a login cost the same (docs/decisions/0136-little-room-for-new-objects.md). The space of what has survived it would look
 * through as soon as it has grown by a tenth, messages on their way included: twice a second under load. Here it may grow to four times its size first, V8's own
 * limit where memory is plenty (docs/decisions/0151-garbage-in-few-turns.md).
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=300'];

/**
 * Node flags of every service, here as in the image (`infra/Dockerfile`).
 *
 * On machines with much memory V8 lets the space for new objects grow to 128 MiB, so each process holds that much garbage; with
 * 32 MiB, messages and logins cost the same (docs/decisions/0136-little-room-for-new-objects.md). The heap of surviving objects
 * would be collected each time it has grown by a tenth, including messages in flight: twice a second under load. Here it may first
 * grow to four times its size, V8's own limit where memory is plentiful (docs/decisions/0151-garbage-in-few-turns.md).
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=300'];

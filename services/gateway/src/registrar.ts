import type { Connection } from './connection/connection.ts';
import type { Hub } from './connection/hub.ts';
import { register } from './handlers/register.ts';

/** Connections that register concurrently after an outage of Redis. */
const AT_ONCE = 32;

export type Registrar = {
  /** Redis lost what it knew of us, or we lost what it told us: everyone registers and catches up again. */
  startOver(): void;
  /** Called about once a second: registers connections that came while Redis was down. */
  sweep(): void;
};

export function createRegistrar(parts: { hub: Hub; isRedisReady: () => boolean }): Registrar {
  const { hub, isRedisReady } = parts;
  let isRunning = false;

  async function registerAgain(connection: Connection): Promise<void> {
    if (connection.session) await register(connection, connection.session);
    connection.mailbox.catchUp();
  }

  async function registerMissing(): Promise<void> {
    const missing = [...hub.sessions()].filter((connection) => !connection.isRegistered);
    for (let at = 0; at < missing.length; at += AT_ONCE) {
      const some = missing.slice(at, at + AT_ONCE);
      await Promise.all(some.map(registerAgain));
      // Redis is down again: the next sweep continues.
      if (some.every((connection) => !connection.isRegistered)) return;
    }
  }

  function sweep(): void {
    if (isRunning || !isRedisReady()) return;
    isRunning = true;
    void registerMissing().finally(() => {
      isRunning = false;
    });
  }

  return {
    startOver() {
      for (const connection of hub.sessions()) connection.isRegistered = false;
      sweep();
    },
    sweep,
  };
}

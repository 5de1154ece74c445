import { createMlsEngine, type OwnDevice } from '@securechat/crypto/e2ee';
import type { ClientOptions } from '../api/index.ts';
import type { Connection } from '../connection/connection.ts';
import { loadBlocked } from '../conversations/blocked.ts';
import type { Core, Teller } from '../conversations/core.ts';
import { authenticateBy } from '../conversations/people.ts';
import type { ConversationRecord } from '../conversations/record.ts';
import { Registry } from '../conversations/registry.ts';
import type { Pins } from '../identity/pins.ts';
import { groupDevicesOf, settingsOf } from './settings.ts';

export type CoreParts = {
  readonly own: OwnDevice;
  readonly connection: Connection;
  readonly pins: Pins;
  readonly tell: Teller;
  changed(record: ConversationRecord, before: ConversationRecord | undefined): void;
};

/** What conversation code works with. The outbox is set later, since it seals with the core it is part of. */
export async function openCore(options: ClientOptions, parts: CoreParts): Promise<Core> {
  const { store } = options;
  const { own, connection, pins, tell } = parts;
  const registry = new Registry(store, parts.changed);
  await registry.load();
  const engine = await createMlsEngine({
    authenticate: authenticateBy(pins),
    maxDevices: groupDevicesOf(options),
  });
  const core: Omit<Core, 'outbox'> = {
    ...{ own, store, connection, engine, registry, people: pins, tell },
    ...{ blocked: await loadBlocked(store), settings: settingsOf(options), now: () => Date.now() },
  };
  return core as Core;
}

import type { Directory, OutStreams } from '@securechat/directory';
import type { Logger } from '@securechat/kernel';
import type { HandedOut } from '../store/claim-store.ts';

export type KeyNotices = {
  /** Notifies this user's connected devices that have fewer key packages left than they should. Never waits. */
  afterClaim(user: number, handedOut: readonly HandedOut[]): void;
};

/** A lost notice is harmless: the next one, the next login or the device's own query says the same. */
export function createKeyNotices(parts: {
  directory: Directory;
  outStreams: OutStreams;
  lowWater: number;
  logger: Logger;
}): KeyNotices {
  const { directory, outStreams, lowWater, logger } = parts;

  async function tell(user: number, low: readonly HandedOut[]): Promise<void> {
    const routes = (await directory.locate([user])).get(user) ?? [];
    for (const { device, count, last_resort } of low) {
      const head = { kind: 'keys', device, count, last_resort, low_water: lowWater } as const;
      const gateway = routes.find((route) => route.device === device)?.gateway;
      if (gateway !== undefined) await outStreams.send(gateway, [{ head, body: new Uint8Array(0) }]);
    }
  }

  return {
    afterClaim(user, handedOut) {
      const low = handedOut.filter(({ count }) => count < lowWater);
      if (low.length === 0) return;
      tell(user, low).catch((err: unknown) => logger.debug({ err }, 'low key stock not told'));
    },
  };
}

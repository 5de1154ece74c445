import { setTimeout as wait } from 'node:timers/promises';
import type { Nemesis } from './nemesis.ts';

const BYTES_PER_SECOND = 100;
/** For reading what has piled up since the run began. */
const OPEN_DEADLINE_MS = 20_000;

/**
 * Two devices of people in the talks: one never acknowledges, one reads a hundred bytes a second. The guarantees for everybody else hold
 * meanwhile. The slow one catches up afterwards and is judged like all others; the other one never can.
 */
export const badClients: Nemesis = {
  what: 'a device that reads slowly, and one that never acknowledges',
  hurts: 'clients',
  async strike({ world, lastsMs }) {
    const { cast, excused, slowDoor } = world;
    const [reader, mute] = cast.guests;
    if (!reader || !mute || !slowDoor) throw new Error('the run was opened without guests');
    // the same devices each time: one that forgot what it has read would take it for new
    mute.goOnline();
    reader.goOnline();
    // the slow one only takes longer
    excused.delete(reader.device.address);
    try {
      // it cannot get further into its mailbox than the unacknowledged window
      await mute.live(OPEN_DEADLINE_MS).catch(() => undefined);
      await reader.live(OPEN_DEADLINE_MS);
      slowDoor.set({ kind: 'throttle', bytesPerSecond: BYTES_PER_SECOND, of: ['down'] });
      await wait(5 * lastsMs);
      return `${reader.device.address} read slowly, ${mute.device.address} acknowledged nothing`;
    } finally {
      slowDoor.set({ kind: 'pass' });
      await mute.goOffline();
    }
  },
};

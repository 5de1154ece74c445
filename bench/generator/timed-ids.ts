import type { LineContext } from './drivers/driver.ts';

const DIGITS = 16;

/** Microseconds since 1970, the same for all processes of a machine. */
export const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1_000);

let lastUs = 0;
/** An id containing the time of sending, so that receivers know the message's age. */
export function timedId(): string {
  lastUs = Math.max(lastUs + 1, nowUs());
  return `t_${String(lastUs).padStart(DIGITS, '0')}`;
}

/** Messages with such ids; their number is the time of sending. */
export const timedIds: LineContext['ledger'] = {
  numberAt: (bytes, at) =>
    Number(Buffer.from(bytes.buffer, bytes.byteOffset + at + 2, DIGITS).toString('latin1')),
  numberOf: (id) => Number(id.slice(2)),
  noteAck: () => 'noted',
  noteDelivery: () => 'complete',
};

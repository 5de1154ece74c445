import { MAX_EPOCH_MESSAGES } from '@securechat/protocol';
import type { ClientOptions } from '../api/index.ts';
import type { Settings } from '../conversations/core.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
export const DEFAULT_GROUP_DEVICES = 250;
export const MAX_GROUP_DEVICES = 500;

/** Options with their defaults. RangeError for what makes no sense. */
export function settingsOf(options: ClientOptions): Settings {
  return {
    readReceipts: options.readReceipts,
    rotateAfterMessages: within(
      options.rotateAfterMessages ?? MAX_EPOCH_MESSAGES,
      1,
      MAX_EPOCH_MESSAGES,
      'rotateAfterMessages',
    ),
    rotateAfterMs: within(options.rotateAfterMs ?? WEEK_MS, 60_000, WEEK_MS, 'rotateAfterMs'),
    dummiesPerHour: within(options.dummiesPerHour ?? 0, 0, 3_600, 'dummiesPerHour'),
    maxDelayMs: within(options.maxDelayMs ?? 0, 0, 60_000, 'maxDelayMs'),
    isCompressing: options.isCompressing ?? false,
  };
}

export function groupDevicesOf({ maxGroupDevices = DEFAULT_GROUP_DEVICES }: ClientOptions): number {
  return within(maxGroupDevices, 2, MAX_GROUP_DEVICES, 'maxGroupDevices');
}

function within(value: number, least: number, most: number, name: string): number {
  if (!(value >= least && value <= most)) throw new RangeError(`${name} is from ${least} to ${most}`);
  return value;
}

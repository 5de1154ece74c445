import { MAX_EPOCH_MESSAGES } from '@securechat/protocol';
import type { ClientOptions, TrafficCover, TrafficProfile } from '../api/index.ts';
import type { Settings } from '../conversations/core.ts';

const WEEK_MS = 7 * 24 * 3_600_000;
const DEFAULT_GROUP_DEVICES = 250;
const PROFILES: Readonly<Record<TrafficProfile, TrafficCover>> = {
  off: { dummiesPerHour: 0, maxDelayMs: 0 },
  standard: { dummiesPerHour: 12, maxDelayMs: 1_000 },
  high: { dummiesPerHour: 120, maxDelayMs: 10_000 },
};
const MAX_GROUP_DEVICES = 500;

/** Options with defaults applied. Throws `RangeError` for invalid values. */
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
    ...coverOf(options.traffic ?? 'off'),
    isCompressing: options.isCompressing ?? false,
    deviceName: options.deviceName,
  };
}

function coverOf(traffic: TrafficProfile | TrafficCover): TrafficCover {
  const cover = typeof traffic === 'string' ? PROFILES[traffic] : traffic;
  if (!cover) throw new RangeError(`traffic is one of ${Object.keys(PROFILES).join(', ')}`);
  return {
    dummiesPerHour: within(cover.dummiesPerHour, 0, 3_600, 'dummiesPerHour'),
    maxDelayMs: within(cover.maxDelayMs, 0, 60_000, 'maxDelayMs'),
  };
}

export function groupDevicesOf({ maxGroupDevices = DEFAULT_GROUP_DEVICES }: ClientOptions): number {
  return within(maxGroupDevices, 2, MAX_GROUP_DEVICES, 'maxGroupDevices');
}

function within(value: number, least: number, most: number, name: string): number {
  if (!(value >= least && value <= most)) throw new RangeError(`${name} is from ${least} to ${most}`);
  return value;
}

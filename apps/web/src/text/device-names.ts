import type { OwnDevice } from '@securechat/client';
import { withoutTricks } from './file-names.ts';

/** By what a person tells their devices apart: the name, or the id as long as there is none. */
export function deviceTitle({ name = '', deviceId }: Pick<OwnDevice, 'name' | 'deviceId'>): string {
  return withoutTricks(name) || deviceId;
}

/** Browsers by what they call themselves; most also claim to be those further down. */
const BROWSERS: readonly [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\/|FxiOS\//, 'Firefox'],
  [/Chrome\/|CriOS\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const SYSTEMS: readonly [RegExp, string][] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/CrOS/, 'ChromeOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X/, 'macOS'],
  [/Linux/, 'Linux'],
];

/** What this device is called until its user gives it a name, such as "Firefox on Linux". */
export function proposedName(userAgent: string): string {
  const nameIn = (known: typeof BROWSERS) => known.find(([sign]) => sign.test(userAgent))?.[1];
  const system = nameIn(SYSTEMS);
  return [nameIn(BROWSERS) ?? 'Browser', ...(system === undefined ? [] : [system])].join(' on ');
}

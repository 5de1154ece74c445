/** `at`: Unix time in ms when it was given; of several names of a device the newest counts. */
export type DeviceName = { readonly deviceId: string; readonly name: string; readonly at: number };

/** UTF-16 units. */
export const MAX_DEVICE_NAME = 64;

/** What an app proposes, cut to size; undefined when nothing is left. */
export function proposedName(name = ''): string | undefined {
  return name.trim().slice(0, MAX_DEVICE_NAME).toWellFormed() || undefined;
}

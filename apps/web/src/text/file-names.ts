/** Characters that are invisible, break lines or change the writing direction, so that `exe.gpj` reads as `jpg.exe`. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export const withoutTricks = (name: string): string => name.replace(DECEPTIVE, '').trim();

/** A file name chosen by a stranger, safe to show. */
export function shownName(name: string): string {
  return withoutTricks(name) || 'file';
}

/** Characters that are invisible, break lines or change the writing direction, so that `exe.gpj` reads as `jpg.exe`. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A file name chosen by a stranger, safe to show. */
export function shownName(name: string): string {
  return name.replace(DECEPTIVE, '').trim() || 'file';
}

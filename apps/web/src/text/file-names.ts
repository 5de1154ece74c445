/** What is not seen, breaks lines or turns the direction of writing around, so that `exe.gpj` reads as `jpg.exe`. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The name that a stranger gave to a file, as text. */
export function shownName(name: string): string {
  return name.replace(DECEPTIVE, '').trim() || 'file';
}

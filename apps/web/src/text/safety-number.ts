/** 60 digits in twelve groups of five, as they are read aloud. */
export function safetyGroups(digits: string): string[] {
  return digits.match(/\d{1,5}/g) ?? [];
}

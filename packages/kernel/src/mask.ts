/** `scheme://user:password@`, anywhere in a text. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s/?#:@"']*):[^\s/?#"']*@/gi;
const MASK = '[redacted]';

/** The text with all URL passwords replaced; the rest of each URL stays readable. */
export function maskUrl(text: string): string {
  return text.includes('://') ? text.replace(URL_PASSWORD, `$1:${MASK}@`) : text;
}

export function isSecretUrl(text: string): boolean {
  return maskUrl(text) !== text;
}

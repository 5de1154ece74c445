/** Part of database names and of the address. */
const PROFILE_NAME = /^[a-z0-9_-]{1,32}$/;

/** `?profile=bob`: several users in one browser, each with a separate store. Anything else is the default profile. */
export function profileOf(search: string): string {
  const asked = new URLSearchParams(search).get('profile') ?? '';
  return PROFILE_NAME.test(asked) ? asked : 'default';
}

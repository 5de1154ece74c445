/** Names of databases are made of it, and it stands in the address. */
const PROFILE_NAME = /^[a-z0-9_-]{1,32}$/;

/** `?profile=bob`: several people in one browser, each with a store of their own. Anything else is the default profile. */
export function profileOf(search: string): string {
  const asked = new URLSearchParams(search).get('profile') ?? '';
  return PROFILE_NAME.test(asked) ? asked : 'default';
}

import { sha256 } from '@securechat/crypto/e2ee';
import { encodeBase64Url } from '@securechat/protocol';
import type { OwnBody } from '../content/types.ts';
import type { Core } from '../conversations/core.ts';
import { fromBytes } from '../storage/json.ts';

/** Until when it is good, Unix seconds, and for how many people still; 0: taken back or used up. Kept to its end, so that who comes late is told. */
export type KeptLink = { readonly expiresAt: number; readonly left: number };

export type LinkNews = Extract<OwnBody, { tell: 'link' }>;

const PREFIX = 'group-link/';

/** `hash`: SHA-256 of the secret in base64url. The secret itself is nowhere but in the link. */
export const linkKey = (conversationId: string, hash: string): string => `${PREFIX}${conversationId}/${hash}`;

export async function hashOf(secret: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeBase64Url(await sha256(secret));
}

export const isOpen = ({ expiresAt, left }: KeptLink, nowMs: number): boolean =>
  left > 0 && expiresAt * 1000 > nowMs;

/** All of them, for a new device of this account. */
export async function linksOf({ store }: Pick<Core, 'store'>): Promise<LinkNews[]> {
  return (await store.list(PREFIX)).map(([key, bytes]) => {
    const [to = '', hash = ''] = key.slice(PREFIX.length).split('/');
    return { tell: 'link', to, hash, ...fromBytes<KeptLink>(bytes) };
  });
}

/** What another own device has made or taken back. Each counts for itself who has come: all of them see the same messages. */
export async function keepLink(core: Core, { to, hash, expiresAt, left }: LinkNews): Promise<void> {
  await core.registry.step(to, async (step) => {
    const known = await step.draft.json<KeptLink>(linkKey(to, hash));
    step.draft.putJson(linkKey(to, hash), { expiresAt, left: Math.min(known?.left ?? left, left) });
    await step.write();
  });
}

import { sha256 } from '@securechat/crypto/e2ee';
import { encodeBase64Url } from '@securechat/protocol';
import type { OwnNews } from '../content/types.ts';
import type { Core } from '../conversations/core.ts';
import { fromBytes } from '../storage/json.ts';

/** Expiry in Unix seconds, and remaining uses; 0 when revoked or used up. Kept until it expires, so that late users get an answer. */
export type KeptLink = { readonly expiresAt: number; readonly left: number };

export type LinkNews = Extract<OwnNews, { tell: 'link' }>;

const PREFIX = 'group-link/';

/** `hash`: SHA-256 of the secret in base64url. The secret itself is only in the link. */
export const linkKey = (conversationId: string, hash: string): string => `${PREFIX}${conversationId}/${hash}`;

export async function hashOf(secret: Uint8Array<ArrayBuffer>): Promise<string> {
  return encodeBase64Url(await sha256(secret));
}

export const isOpen = ({ expiresAt, left }: KeptLink, nowMs: number): boolean =>
  left > 0 && expiresAt * 1000 > nowMs;

/** All links, for a new device of this account. */
export async function linksOf({ store }: Pick<Core, 'store'>): Promise<LinkNews[]> {
  return (await store.list(PREFIX)).map(([key, bytes]) => {
    const [to = '', hash = ''] = key.slice(PREFIX.length).split('/');
    return { tell: 'link', to, hash, ...fromBytes<KeptLink>(bytes) };
  });
}

/** Another own device made or revoked a link. Each device counts uses itself: all see the same messages. */
export async function keepLink(core: Core, { to, hash, expiresAt, left }: LinkNews): Promise<void> {
  await core.registry.step(to, async (step) => {
    const known = await step.draft.json<KeptLink>(linkKey(to, hash));
    step.draft.putJson(linkKey(to, hash), { expiresAt, left: Math.min(known?.left ?? left, left) });
    await step.write();
  });
}

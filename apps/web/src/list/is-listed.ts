import type { Conversation } from '@securechat/client';

/**
 * A conversation of two that somebody has begun without a word asks for nothing yet: so begins whoever comes by a link into a group, for
 * the one who made it.
 */
export function isListed({
  kind,
  isRequest,
  last,
}: Pick<Conversation, 'kind' | 'isRequest' | 'last'>): boolean {
  const isWordless = last?.body.type === 'notice' && last.body.notice.type === 'created';
  return !(isRequest && kind === 'direct' && isWordless);
}

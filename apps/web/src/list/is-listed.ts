import type { Conversation } from '@securechat/client';

/** A direct conversation started without a message is not a request yet: joining a group by a link starts one with the link's maker. */
export function isListed({
  kind,
  isRequest,
  last,
}: Pick<Conversation, 'kind' | 'isRequest' | 'last'>): boolean {
  const isWordless = last?.body.type === 'notice' && last.body.notice.type === 'created';
  return !(isRequest && kind === 'direct' && isWordless);
}

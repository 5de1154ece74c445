import { checked, editContent, textContent } from '../outgoing.ts';
import type { Content } from '../types.ts';

const picture = new Uint8Array([1, 2, 3]);
/** One or more of most types. */
export const contents: readonly Content[] = [
  textContent('hello'),
  textContent({
    text: '**hi**',
    format: 'markdown',
    mentions: ['bob'],
    preview: { url: 'https://a.b/', title: 't', image: picture },
  }),
  { ...textContent('later gone'), replyTo: 'm_0', threadId: 'm_0', expiresAt: 1_800_000_000 },
  editContent('m_0', 'better'),
  checked('application/x-securechat-delete', { messageId: 'm_0' }),
  checked('application/x-securechat-reaction', { messageId: 'm_0', emoji: '👍' }),
  checked('application/x-securechat-profile', { displayName: 'Alice', statusText: 'away' }),
  checked('application/x-securechat-dummy', {}),
  checked('application/x-securechat-state', { logHead: 'h', owners: ['alice'], admins: [], groupName: 'us' }),
  checked('application/x-securechat-repair-request', { userId: 'bob', deviceId: 'd', clientSeqs: [1, 2] }),
  checked('application/x-securechat-repair', {
    clientSeq: 1,
    sentAt: 5,
    id: 'm_9',
    content: textContent('again'),
  }),
  checked('application/x-securechat-outside', {
    ...{ conversationId: 'c_1234567890123456', generation: 0, epoch: 7 },
  }),
  checked('application/x-securechat-join', { conversationId: 'c_1', secret: `${'A'.repeat(43)}=` }),
  checked('application/x-securechat-join-refused', { conversationId: 'c_1' }),
  checked('application/x-securechat-own', { tell: 'accepted', conversationId: 'c_1234567890123456' }),
  checked('application/x-securechat-own', { tell: 'link', to: 'c_1', hash: 'h', expiresAt: 5, left: 1 }),
];

import type { Message } from '@securechat/client';
import type { Shown } from './shown.ts';

/** Where what a device says of a conversation does not follow from the lines that it shows. */
export async function checkCounts({ device, conversation, lines, kept, me }: Shown): Promise<string[]> {
  const { id, unread, last } = conversation;
  const where = `${device} in ${id}`;
  const main = lines.filter(({ threadId }) => threadId === undefined);
  const found: string[] = [];
  const places = main.flatMap(({ place }) => place ?? []);
  if (places.some((place, index) => place < (places[index - 1] ?? 0))) found.push(`${where}: out of order`);
  if (last?.id !== main.at(-1)?.id) found.push(`${where}: last is ${last?.id}, not ${main.at(-1)?.id}`);
  // what the history brought was read by then, or is counted once the mark moves
  const later = main.filter(({ place = 0 }) => place > kept.readThrough && place > kept.joinedPlace);
  const most = main.filter(({ place = 0 }) => place > kept.readThrough).filter(isOfOthers).length;
  if (unread < later.filter(isOfOthers).length || unread > most)
    found.push(`${where}: ${unread} unread, but there are ${later.filter(isOfOthers).length} to ${most}`);
  for (const { threadId, count, unread: threadUnread } of await conversation.threads()) {
    const inThread = lines.filter((line) => line.threadId === threadId);
    const through = kept.threadReads[threadId] ?? 0;
    const isUnread = ({ place = 0 }: Message): boolean => place > through;
    if (count !== inThread.length)
      found.push(`${where}: thread ${threadId} counts ${count}, not ${inThread.length}`);
    const shouldBe = inThread.filter((line) => isUnread(line) && isOfOthers(line)).length;
    if (threadUnread !== shouldBe)
      found.push(`${where}: thread ${threadId} counts ${threadUnread} unread, not ${shouldBe}`);
  }
  return found;

  function isOfOthers({ from, body }: Message): boolean {
    return from !== me.userId && ['text', 'file', 'unknown'].includes(body.type);
  }
}

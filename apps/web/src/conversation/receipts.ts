import type { Member, Message } from '@securechat/client';

export type Receipts = {
  readonly read: readonly string[];
  readonly delivered: readonly string[];
  /** Neither: the server holds it for them. */
  readonly waiting: readonly string[];
};

/** How far an own message has come with each of the others. By the server's word. */
export function receiptsOf(message: Message, members: readonly Member[]): Receipts {
  const place = message.place ?? Number.POSITIVE_INFINITY;
  const others = members.filter((member) => member.userId !== message.from);
  const ids = (some: readonly Member[]) => some.map((member) => member.userId);
  const hasRead = (member: Member) => member.readThrough >= place;
  const has = (member: Member) => member.deliveredThrough >= place;
  return {
    read: ids(others.filter(hasRead)),
    delivered: ids(others.filter((member) => has(member) && !hasRead(member))),
    waiting: ids(others.filter((member) => !has(member) && !hasRead(member))),
  };
}

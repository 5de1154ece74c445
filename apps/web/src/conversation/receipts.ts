import type { Member, Message } from '@securechat/client';

export type Receipts = {
  readonly read: readonly string[];
  readonly delivered: readonly string[];
  /** Neither delivered nor read: the server holds it for them. */
  readonly waiting: readonly string[];
};

/** Delivery of an own message to each of the others, as reported by the server. */
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

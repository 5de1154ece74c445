import type { ChatClient } from '@securechat/testkit';

/** The outcome of the messages in one direction. */
export type Count = {
  sent: number;
  acked: number;
  delivered: number;
  doubled: number;
  lost: number;
  disordered: number;
};

/** Compares what `from` sent (ids in order, with the server's answers) with what `to` has. */
export function countMessages(
  sentIds: readonly string[],
  acked: ReadonlySet<string>,
  from: ChatClient,
  to: ChatClient,
): Count {
  const arrived = to.received.filter((chat) => chat.from === from.person.id);
  const distinct = new Set(arrived.map((chat) => chat.id));
  const inOrder = arrived.every(
    (chat, index) => index === 0 || chat.convSeq > (arrived[index - 1]?.convSeq ?? 0),
  );
  return {
    sent: sentIds.length,
    acked: acked.size,
    delivered: distinct.size,
    doubled: arrived.length - distinct.size,
    lost: [...acked].filter((id) => !distinct.has(id)).length,
    disordered: inOrder ? 0 : 1,
  };
}

export function printCounts(rows: readonly (readonly [string, Count])[]): void {
  const titles = ['sent', 'acked', 'delivered', 'doubled', 'lost'] as const;
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(16) : String(cell).padStart(10))).join('');
  console.log(`\n  ${line(['', ...titles])}`);
  for (const [name, count] of rows) console.log(`  ${line([name, ...titles.map((title) => count[title])])}`);
}

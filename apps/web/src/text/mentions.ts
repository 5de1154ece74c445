/** User ids after an `@` that is not in the middle of a word. What a user id may be is wider than what one can mention. */
const MENTION = /(^|[^\p{L}\p{N}_@])@([\p{L}\p{N}._-]+)/gu;

/** Which of the members the text names, each once. */
export function mentionsIn(text: string, memberIds: readonly string[]): string[] {
  const named = [...text.matchAll(MENTION)].map(([, , id = '']) => memberOf(id, memberIds));
  return [...new Set(named.filter((id) => id !== undefined))];
}

export type TextPart = { text: string; userId?: string };

/** The text cut at its mentions; all parts together are the text. */
export function cutAtMentions(text: string, mentioned: readonly string[]): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(MENTION)) {
    const userId = memberOf(match[2] ?? '', mentioned);
    if (userId === undefined) continue;
    const start = match.index + (match[1] ?? '').length;
    if (start > end) parts.push({ text: text.slice(end, start) });
    end = start + 1 + userId.length;
    parts.push({ text: text.slice(start, end), userId });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** A full stop or dash behind a name is no part of it. */
function memberOf(id: string, memberIds: readonly string[]): string | undefined {
  const trimmed = id.replace(/[._-]+$/, '');
  return memberIds.find((each) => each === id) ?? memberIds.find((each) => each === trimmed);
}

/** What is being typed behind an `@` at the cursor, when a suggestion would help. */
export function mentionAt(text: string, cursor: number): string | undefined {
  return /(?:^|[^\p{L}\p{N}_@])@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, cursor))?.[1];
}

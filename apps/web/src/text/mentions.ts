/** User ids after an `@` that is not inside a word. User ids may have more forms than can be mentioned. */
const MENTION = /(^|[^\p{L}\p{N}_@])@([\p{L}\p{N}._-]+)/gu;

/** The members named in the text, each once. */
export function mentionsIn(text: string, memberIds: readonly string[]): string[] {
  const named = [...text.matchAll(MENTION)].map(([, , id = '']) => memberOf(id, memberIds));
  return [...new Set(named.filter((id) => id !== undefined))];
}

export type TextPart = { text: string; userId?: string };

/** Splits the text at its mentions, keeping all of it. */
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

/** A full stop or dash after a name is not part of it. */
function memberOf(id: string, memberIds: readonly string[]): string | undefined {
  const trimmed = id.replace(/[._-]+$/, '');
  return memberIds.find((each) => each === id) ?? memberIds.find((each) => each === trimmed);
}

/** What is being typed after an `@` at the cursor, when suggestions would help. */
export function mentionAt(text: string, cursor: number): string | undefined {
  return /(?:^|[^\p{L}\p{N}_@])@([\p{L}\p{N}._-]*)$/u.exec(text.slice(0, cursor))?.[1];
}

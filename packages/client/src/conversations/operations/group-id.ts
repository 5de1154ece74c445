/** What an MLS group is for. The keys authenticate it, so no server can pass one off as another. */
export type GroupPurpose = {
  kind: 'direct' | 'group';
  purpose: 'people' | 'own';
  conversationId: string;
  generation: number;
};

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });
const PATTERN = /^SecureChat\/1 (direct|group|own) (c_[A-Za-z0-9_-]{16,62}) (0|[1-9][0-9]{0,9})$/;

/** The MLS group id: readable, unique for each generation of a conversation. */
export function groupIdOf({
  kind,
  purpose,
  conversationId,
  generation,
}: GroupPurpose): Uint8Array<ArrayBuffer> {
  return utf8.encode(`SecureChat/1 ${purpose === 'own' ? 'own' : kind} ${conversationId} ${generation}`);
}

export function readGroupId(bytes: Uint8Array): GroupPurpose | undefined {
  const [, what, conversationId, generation] = PATTERN.exec(safely(bytes)) ?? [];
  if (what === undefined || conversationId === undefined) return undefined;
  return {
    kind: what === 'direct' ? 'direct' : 'group',
    purpose: what === 'own' ? 'own' : 'people',
    conversationId,
    generation: Number(generation),
  };
}

function safely(bytes: Uint8Array): string {
  try {
    return text.decode(bytes);
  } catch {
    return '';
  }
}

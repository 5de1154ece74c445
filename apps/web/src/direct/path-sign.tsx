import { useDirect } from './use-direct.ts';

/** The path that messages with this person take first; nothing where it is always the server. */
export function PathSign({ userId }: { userId: string }) {
  const direct = useDirect();
  if (!direct?.isAllowed(userId)) return null;
  return <span>{direct.path(userId) === 'direct' ? 'Connected directly · ' : 'Through the server · '}</span>;
}

import type { Core } from '../core.ts';
import { type CreateIntent, UNKNOWN_HEAD } from './group_create.ts';
import type { LeaveIntent } from './group_leave.ts';

/** Pages needed for a group of maximum size. */
const MAX_PAGES = 10;

/**
 * The state the server has reached without us. Its word is good enough for leaving and restarting: it cannot add users we do not know,
 * and users it wants out are out in any case.
 */
export async function asTold<I extends CreateIntent | LeaveIntent>(
  core: Core,
  conversationId: string,
  intent: I,
  signal: AbortSignal,
): Promise<I> {
  const ask = (after?: string) =>
    core.connection.request(
      'group_info',
      { conversation_id: conversationId, ...(after === undefined ? {} : { after }) },
      { signal },
    );
  let page = await ask();
  const { generation, epoch, log_head: head = UNKNOWN_HEAD } = page;
  const users = new Set(page.members.map(({ user_id }) => user_id));
  for (let pages = 1; page.more && pages < MAX_PAGES; pages++) {
    page = await ask(page.members.at(-1)?.user_id);
    for (const { user_id } of page.members) users.add(user_id);
  }
  const told = { ...intent, told: { generation, epoch, head } };
  return 'users' in intent ? { ...told, users: intent.users.filter((user) => users.has(user)) } : told;
}

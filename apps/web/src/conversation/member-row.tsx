import type { Conversation, Member, Role } from '@securechat/client';
import { Avatar } from '../parts/avatar.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { IconButton } from '../parts/icon-button.tsx';
import { useNames } from '../parts/use-names.ts';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { count } from '../text/message-text.ts';

const ROLES: readonly Role[] = ['member', 'admin', 'owner'];

/** Owners and admins can change members; refusals by the server or the others are shown here. */
export function MemberRow({ conversation, member }: { conversation: Conversation; member: Member }) {
  const client = useClient();
  const { nameOf } = useNames();
  const task = useTask();
  const { userId, role, devices } = member;
  const isMe = userId === client.me.userId;
  const { isMember, ownRole } = conversation;
  const mayChangeRole = isMember && ownRole === 'owner' && !isMe;
  const mayRemove = isMember && !isMe && (ownRole === 'owner' || (ownRole === 'admin' && role === 'member'));
  return (
    <li>
      <Avatar userId={userId} />
      <span class="person">
        <a href={toHash({ page: 'person', userId })}>{nameOf(userId)}</a>
        <span class="hint">
          {devices.length > 0 ? count(devices.length, 'device') : 'no device here: add them again'}
        </span>
      </span>
      {mayChangeRole ? (
        <select
          aria-label={`Role of ${nameOf(userId)}`}
          value={role}
          disabled={task.isBusy}
          onChange={(event) => {
            const chosen = event.currentTarget.value as Role;
            void task.run(() => conversation.setRole(userId, chosen));
          }}
        >
          {ROLES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      ) : (
        <span class="hint">{role}</span>
      )}
      {mayRemove && (
        <IconButton
          icon="trash"
          label={`Remove ${nameOf(userId)}`}
          disabled={task.isBusy}
          onClick={() => void task.run(() => conversation.remove(userId))}
        />
      )}
      <ErrorText error={task.error} />
    </li>
  );
}

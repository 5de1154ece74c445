import type { Conversation } from '@securechat/client';
import { type GroupLink, openGroupLinks } from '@securechat/client/group-links';
import { useEffect, useState } from 'preact/hooks';
import { Choice } from '../parts/choice.tsx';
import { Copyable } from '../parts/copyable.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { count } from '../text/message-text.ts';
import { fullTime } from '../text/time.ts';

const PEOPLE = [
  { value: '1', label: '1' },
  { value: '10', label: '10' },
  { value: '100', label: '100' },
] as const;
type People = (typeof PEOPLE)[number]['value'];

/** Links for joining the group, for users who may add members. */
export function GroupLinks({ conversation }: { conversation: Conversation }) {
  const links = openGroupLinks(useClient());
  const [uses, setUses] = useState<People>('1');
  const [made, setMade] = useState<string>();
  const [open, setOpen] = useState<readonly GroupLink[]>([]);
  const refresh = async () => setOpen(await links.of(conversation));
  // somebody may have joined by one
  useClientEvents('conversation');
  useEffect(() => inBackground(refresh()), [conversation.memberIds.length]);

  const make = async () => {
    const link = await links.make(conversation, { uses: Number(uses) });
    setMade(`${location.origin}${location.pathname}#${link}`);
    await refresh();
  };
  return (
    <section class="group-links" aria-label="Links into the group">
      <h3>Links</h3>
      <p class="hint">Whoever has a link can join for a week, while one of your devices is online.</p>
      <Choice<People> legend="For how many people" options={PEOPLE} value={uses} onChoose={setUses} />
      <TaskButton onRun={make}>Make a link</TaskButton>
      {made !== undefined && <Copyable label="Link into the group" text={made} />}
      <ul class="people">
        {open.map((link) => (
          <li key={link.id}>
            <span>
              For {count(link.left, 'person', 'people')}, until {fullTime(link.endsAtMs)}
            </span>
            <TaskButton onRun={() => links.revoke(link).then(refresh)}>Revoke</TaskButton>
          </li>
        ))}
      </ul>
    </section>
  );
}

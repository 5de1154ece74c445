import type { Identity } from '@securechat/client';
import { DirectForm } from '../direct/direct-form.tsx';
import { Avatar } from '../parts/avatar.tsx';
import { ErrorText } from '../parts/error-text.tsx';
import { Icon } from '../parts/icon.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { TaskButton } from '../parts/task-button.tsx';
import { type Known, useIdentity } from '../parts/use-identity.ts';
import { useNames } from '../parts/use-names.ts';
import { useClient } from '../session/session.ts';
import { go } from '../session/use-route.ts';
import { count } from '../text/message-text.ts';
import { SafetyNumber } from './safety-number.tsx';
import { ScanForm } from './scan-form.tsx';

export function PersonPage({ userId }: { userId: string }) {
  const client = useClient();
  const { nameOf } = useNames();
  const known = useIdentity(userId);
  const { statusText } = client.profile(userId);
  const write = async () => {
    const { id } = await client.direct(userId);
    go({ page: 'conversation', id });
  };
  const isMe = userId === client.me.userId;
  return (
    <PageFrame title={nameOf(userId)}>
      <div class="person-head">
        <Avatar userId={userId} />
        <div>
          <p class="hint">@{userId}</p>
          {statusText && <p>{statusText}</p>}
          {known.identity && <p class="hint">{count(known.identity.devices.length, 'device')}</p>}
        </div>
        {!isMe && <TaskButton onRun={write}>Write</TaskButton>}
      </div>
      <ErrorText error={known.error} />
      {!isMe && <DirectForm userId={userId} />}
      {!isMe && known.identity && <Keys identity={known.identity} known={known} />}
    </PageFrame>
  );
}

/** Whether these are really the keys of this person. */
function Keys({ identity, known }: { identity: Identity; known: Known }) {
  const client = useClient();
  const { userId, trust, safetyNumber, qr } = identity;
  const markVerified = async () => {
    await client.markVerified(userId);
    await known.lookAgain();
  };
  return (
    <section aria-labelledby="keys-title">
      <h2 id="keys-title">Safety number</h2>
      {trust === 'changed' && <KeyChange userId={userId} known={known} />}
      {trust === 'verified' && (
        <p class="verified">
          <Icon name="shield" /> You have compared it.
        </p>
      )}
      <p>Compare it in person or by voice. If it is the same on both sides, nobody is intercepting.</p>
      <SafetyNumber digits={safetyNumber} qr={qr} />
      {(trust === 'new' || trust === 'pinned') && (
        <TaskButton isMain onRun={markVerified}>
          It is the same: mark as verified
        </TaskButton>
      )}
      {trust !== 'changed' && <ScanForm userId={userId} onVerified={known.lookAgain} />}
    </section>
  );
}

function KeyChange({ userId, known }: { userId: string; known: Known }) {
  const client = useClient();
  const { nameOf } = useNames();
  const accept = async () => {
    await client.acceptKeyChange(userId);
    await known.lookAgain();
  };
  return (
    <div class="warning" role="alert">
      <p>
        <strong>{nameOf(userId)} has new keys.</strong> They may have lost their devices and started again, or
        somebody is impersonating them. Ask them outside this chat, and compare the number below.
      </p>
      <TaskButton onRun={accept}>I have asked: accept the new keys</TaskButton>
    </div>
  );
}

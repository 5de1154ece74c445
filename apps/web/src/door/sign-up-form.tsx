import { SecureChat, ServerRefused } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { askEnrolment, type Enrolment } from '../session/enrolment.ts';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';
import { ownName } from './opening.ts';

/** What the server demands of new accounts, and how to explain it. */
const ADMISSION = {
  open: undefined,
  invite: {
    label: 'Invite',
    hint: 'The code you were given. It is valid for one account.',
    refused: 'This invite is not valid for this name: it has been used, has expired, or is for another name.',
  },
  jwt: {
    label: 'Token',
    hint: 'From the product that this chat belongs to.',
    refused: 'This token is not valid for this name: it has expired, or is for another name.',
  },
} as const;

export function SignUpForm({ door, onEnter }: DoorProperties) {
  const [userId, setUserId] = useState('');
  const [code, setCode] = useState('');
  const [enrolment, setEnrolment] = useState<Enrolment>('open');
  const task = useTask();
  const admission = ADMISSION[enrolment];

  useEffect(() => {
    // an unreachable server is reported when the user signs up
    askEnrolment(door.config.server).then(setEnrolment, () => setEnrolment('open'));
  }, [door]);

  const signUp = async () => {
    const admitted = enrolment === 'invite' ? { invite: code } : enrolment === 'jwt' ? { token: code } : {};
    const account = {
      ...{ ...door.config, store: door.store, deviceName: ownName() },
      ...{ userId: userId.trim(), ...admitted },
    };
    try {
      onEnter(await SecureChat.signUp(account));
    } catch (error) {
      const isNotAdmitted = error instanceof ServerRefused && error.error === 'PERMISSION_DENIED';
      throw isNotAdmitted && admission !== undefined ? new Error(admission.refused) : error;
    }
  };

  return (
    <TaskForm task={task} onSubmit={signUp} label="Create account" busy="Making keys…">
      <Field
        label="Your user name"
        hint="Letters, digits, _ and -. Others find you by it, and it cannot be changed later."
        value={userId}
        onValue={setUserId}
        autocapitalize="none"
        spellcheck={false}
        maxLength={64}
        required
        isFocused
      />
      {admission !== undefined && (
        <Field label={admission.label} hint={admission.hint} value={code} onValue={setCode} required />
      )}
    </TaskForm>
  );
}

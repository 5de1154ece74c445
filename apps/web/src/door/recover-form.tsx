import { SecureChat } from '@securechat/client';
import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';
import { ownName } from './opening.ts';

/** For a user who has lost all devices, but has the recovery code. */
export function RecoverForm({ door, onEnter }: DoorProperties) {
  const [userId, setUserId] = useState('');
  const [recoveryCode, setRecoveryCode] = useState('');
  const task = useTask();
  const recover = async () => {
    onEnter(
      await SecureChat.recover({
        ...door.config,
        store: door.store,
        deviceName: ownName(),
        userId: userId.trim(),
        recoveryCode: recoveryCode.trim(),
      }),
    );
  };

  return (
    <TaskForm task={task} onSubmit={recover} label="Recover account">
      <Field
        label="Your user name"
        value={userId}
        onValue={setUserId}
        autocapitalize="none"
        spellcheck={false}
        required
        isFocused
      />
      <Field
        label="Recovery code"
        hint="All your other devices will be removed. Your messages are only there, unless you exported them."
        value={recoveryCode}
        onValue={setRecoveryCode}
        spellcheck={false}
        required
      />
    </TaskForm>
  );
}

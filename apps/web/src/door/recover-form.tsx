import { SecureChat } from '@securechat/client';
import { useState } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { Field } from '../parts/field.tsx';
import { useTask } from '../session/use-task.ts';
import type { DoorProperties } from './door-page.tsx';

/** All devices are lost, and the recovery code is not. */
export function RecoverForm({ door, onEnter }: DoorProperties) {
  const [userId, setUserId] = useState('');
  const [recoveryCode, setRecoveryCode] = useState('');
  const task = useTask();
  const recover = async () => {
    onEnter(
      await SecureChat.recover({
        ...door.config,
        store: door.store,
        userId: userId.trim(),
        recoveryCode: recoveryCode.trim(),
      }),
    );
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(recover);
      }}
    >
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
        hint="All your other devices are removed. Messages are on those only, unless you have exported them."
        value={recoveryCode}
        onValue={setRecoveryCode}
        spellcheck={false}
        required
      />
      <ErrorText error={task.error} />
      <button type="submit" class="button is-main" disabled={task.isBusy}>
        Recover account
      </button>
    </form>
  );
}

import type { OwnDevice } from '@securechat/client';
import { useRef, useState } from 'preact/hooks';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { deviceTitle } from '../text/device-names.ts';
import { fullTime } from '../text/time.ts';

const MAX_NAME = 64;

type Properties = { device: OwnDevice; onRevoked(): Promise<void> };

export function DeviceRow({ device, onRevoked }: Properties) {
  const client = useClient();
  const [isNaming, setNaming] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const { deviceId, isThis, createdAtMs } = device;
  const title = deviceTitle(device);
  const revoke = async () => {
    await client.revoke(deviceId);
    await onRevoked();
  };
  /** The button that was pressed is gone. */
  const leaveForm = () => {
    setNaming(false);
    row.current?.focus();
  };

  return (
    <li ref={row} tabIndex={-1} aria-label={title}>
      <span class="person">
        <strong>{title}</strong>
        <span class="hint">
          {isThis ? 'this device · ' : ''}since {fullTime(createdAtMs)}
          {title !== deviceId && ` · ${deviceId}`}
        </span>
      </span>
      {isNaming ? (
        <NameForm device={device} onDone={leaveForm} />
      ) : (
        <button type="button" class="button" onClick={() => setNaming(true)}>
          Rename
        </button>
      )}
      {!isThis && (
        <ConfirmButton
          question={`Remove ${title}? It will not be able to read new messages.`}
          onConfirm={revoke}
        >
          Remove
        </ConfirmButton>
      )}
    </li>
  );
}

function NameForm({ device, onDone }: { device: OwnDevice; onDone(): void }) {
  const client = useClient();
  const [name, setName] = useState(device.name ?? '');
  const task = useTask();
  // the page around it stays open
  const cancel = (event: Event) => {
    event.preventDefault();
    onDone();
  };
  const save = async () => {
    await client.nameDevice(device.deviceId, name.trim());
    onDone();
  };
  return (
    <fieldset class="confirm" onKeyDown={(event) => event.key === 'Escape' && cancel(event)}>
      <legend class="only-heard">Rename {deviceTitle(device)}</legend>
      <TaskForm task={task} onSubmit={save} label="Save" isMinor isReady={name.trim() !== ''}>
        <Field
          label="Name of the device"
          hint="Only your own devices learn it."
          value={name}
          onValue={setName}
          maxLength={MAX_NAME}
          isFocused
        />
      </TaskForm>
    </fieldset>
  );
}

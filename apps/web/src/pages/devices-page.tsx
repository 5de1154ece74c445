import type { OwnDevice } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ErrorText } from '../parts/error-text.tsx';
import { PageFrame } from '../parts/page-frame.tsx';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { DeviceRow } from './device-row.tsx';
import { LinkDevice } from './link-device.tsx';
import { RecoveryCode } from './recovery-code.tsx';

/** The account's devices, and ways to keep the account when all are lost. */
export function DevicesPage() {
  const client = useClient();
  const [devices, setDevices] = useState<readonly OwnDevice[]>([]);
  const task = useTask();
  const list = useRef<HTMLUListElement>(null);
  const load = async () => setDevices(await client.devices());
  const revoked = async () => {
    await load();
    // the row is gone, with the button that was pressed
    list.current?.focus();
  };
  useEffect(() => void task.run(load), [client]);
  useEffect(() => client.on('devices', () => inBackground(load())), [client]);

  return (
    <PageFrame title="Devices">
      <ErrorText error={task.error} />
      {task.isBusy && (
        <p class="hint" role="status">
          Asking the server…
        </p>
      )}
      <ul class="people" aria-label="Your devices" ref={list} tabIndex={-1}>
        {devices.map((device) => (
          <DeviceRow key={device.deviceId} device={device} onRevoked={revoked} />
        ))}
      </ul>
      <LinkDevice onLinked={load} />
      <RecoveryCode />
    </PageFrame>
  );
}

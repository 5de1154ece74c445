import { RequestTimedOut } from '@securechat/client';
import { useEffect, useRef } from 'preact/hooks';
import { Copyable } from '../parts/copyable.tsx';
import { QrCode } from '../parts/qr-code.tsx';

const NOT_AGREED =
  'Your other device has not approved, or the server could not be reached. Start again on both.';

/** Why linking has failed, for people. */
export function linkFailure(error: unknown): unknown {
  return error instanceof RequestTimedOut ? new Error(NOT_AGREED) : error;
}

/** What the user has to do on the other device. */
export function LinkAnswer({ code }: { code: string }) {
  const section = useRef<HTMLElement>(null);
  // the button that led here is gone
  useEffect(() => section.current?.focus(), []);
  return (
    <section aria-label="Link this device" ref={section} tabIndex={-1}>
      <p>
        Enter this code on your other device within five minutes, and leave this page open. Once it is
        approved there, your conversations appear here.
      </p>
      <QrCode text={code} label="The code of this device as a QR code" />
      <Copyable text={code} label="Code of this device" />
      <p class="hint" role="status">
        Waiting for the other device…
      </p>
    </section>
  );
}

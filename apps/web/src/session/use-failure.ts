import { isAbsence, type SecureChatError } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { errorText } from '../text/error-text.ts';
import { useClient } from './session.ts';

/** Why there is no connection, if the user can do something about it. */
export function useFailure(): string | undefined {
  const client = useClient();
  const [failure, setFailure] = useState<SecureChatError>();
  useEffect(() => {
    const endings = [
      client.on('failure', ({ error }) => setFailure(error)),
      client.on('state', (state) => state === 'connected' && setFailure(undefined)),
    ];
    return () => endings.forEach((end) => void end());
  }, [client]);
  return failure === undefined || isAbsence(failure) ? undefined : errorText(failure);
}

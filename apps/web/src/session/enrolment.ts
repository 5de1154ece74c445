import type { ServerAddress } from '@securechat/client';
import { httpDoor } from './config.ts';

/** What the server demands for a new account. */
export type Enrolment = 'open' | 'invite' | 'jwt';

const DEADLINE_MS = 5_000;

/** Only decides which field the form shows: the server itself decides who is admitted. */
export async function askEnrolment(server: ServerAddress): Promise<Enrolment> {
  const address = new URL('/.well-known/securechat', httpDoor(server));
  const answer = await fetch(address, { signal: AbortSignal.timeout(DEADLINE_MS) });
  const { enrolment } = (await answer.json()) as { enrolment?: string };
  return enrolment === 'invite' || enrolment === 'jwt' ? enrolment : 'open';
}

import type { Clock } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { EnrolmentMode } from '../config.ts';
import { type Admission, createInviteAdmission, openAdmission } from './admission.ts';
import { createTokenAdmission } from './token-admission.ts';

/** The mode's admission. The configuration guarantees what each mode needs. */
export function chooseAdmission(parts: {
  mode: EnrolmentMode;
  pool: Pool;
  clock: Clock;
  jwtSecret: string | undefined;
  jwksUrl: string | undefined;
  jwtIssuer: string | undefined;
  jwtAudience: string | undefined;
  jwtUserClaim: string;
}): Admission {
  const { mode, pool, clock, jwtSecret: secret, jwksUrl = '', jwtIssuer: issuer = '' } = parts;
  const { jwtAudience: audience = '', jwtUserClaim: userClaim } = parts;
  switch (mode) {
    case 'open':
      return openAdmission;
    case 'invite':
      return createInviteAdmission(pool);
    case 'jwt': {
      const key = secret === undefined ? { jwksUrl } : { secret };
      return createTokenAdmission({ key, issuer, audience, userClaim, clock });
    }
  }
}

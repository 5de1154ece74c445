import { defineMessage } from '../define-message.ts';
import { Count, Id, UnixSeconds } from '../ids.ts';
import { Type } from '../schema/type.ts';

const RetryPolicy = Type.Object({
  type: Type.Literal('retry_policy'),
  max_retries: Count,
  backoff_multiplier: Type.Number({ minimum: 1 }),
  initial_delay_ms: Count,
  max_delay_ms: Count,
  jitter_factor: Type.Number({ minimum: 0, maximum: 1 }),
});

/** The session is usable from here on. Carries the seed's `retry_policy` for requests. */
export const sessionReady = defineMessage({
  name: 'session_ready',
  id: 0x0004,
  down: Type.Object({
    type: Type.Literal('session_ready'),
    session_id: Id,
    resume_ticket: Type.String(),
    resume_expires_at: UnixSeconds,
    heartbeat_interval_ms: Count,
    retry_policy: RetryPolicy,
  }),
});

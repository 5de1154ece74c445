import type { Metrics } from '@securechat/kernel';
import { type EnrolmentOutcome, enrolmentOutcomes } from './enrolment/outcome.ts';

const KINDS = [
  'certify',
  'login',
  'device_list',
  'key_upload',
  'key_claim',
  'key_count',
  'turn',
  'key_log',
  'key_log_proof',
  'unknown',
] as const;
export type RequestKind = (typeof KINDS)[number];
const ENROLMENT_KINDS = ['account', 'device', 'revocation', 'recovery'] as const;
export type EnrolmentKind = (typeof ENROLMENT_KINDS)[number];
export type RequestOutcome = 'ok' | 'refused' | 'malformed' | 'failed';

export type AuthMetrics = ReturnType<typeof createAuthMetrics>;

/** In addition to the kernel's metrics of each request stream: what was asked, and the outcome. */
export function createAuthMetrics(metrics: Metrics) {
  const answers = metrics.counter('answers_total', 'Requests from gateways, by kind and outcome', {
    kind: KINDS,
    outcome: ['ok', 'refused', 'malformed', 'failed'] satisfies RequestOutcome[],
  });
  const durations = metrics.histogram('answer_duration_seconds', 'Time to answer a request', { kind: KINDS });
  const enrolments = metrics.counter('enrolments_total', 'Enrolment requests, by kind and outcome', {
    kind: ENROLMENT_KINDS,
    outcome: enrolmentOutcomes,
  });
  const enrolmentDuration = metrics.histogram(
    'enrolment_duration_seconds',
    'Time to answer an enrolment request that was not refused by the rate limit',
  );
  return {
    answered(kind: RequestKind, outcome: RequestOutcome, ms: number): void {
      answers.inc(1, { kind, outcome });
      durations.observe(ms / 1000, { kind });
    },
    enrolled(kind: EnrolmentKind, outcome: EnrolmentOutcome): void {
      enrolments.inc(1, { kind, outcome });
    },
    enrolmentTook: (ms: number): void => enrolmentDuration.observe(ms / 1000),
  };
}

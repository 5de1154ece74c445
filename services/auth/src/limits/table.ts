/**
 * Every limit of auth's requests on one page. The numbers are defaults of the configuration (`config.ts`). All are
 * counted in Redis, so they hold over all auth processes and gateways; while Redis is away no request arrives at all,
 * and when it comes back empty they start over.
 *
 * | limit                    | for                     | window   | beyond                                            |
 * |--------------------------|-------------------------|----------|---------------------------------------------------|
 * | key bundle requests 60   | user who asks           | any 60 s | 1004, scope `key_requests`                        |
 * | key packages 10          | user who asks, and whom | any hour | the last resort; the answer does not tell         |
 * | key packages 100         | user who is asked for   | any hour | the last resort; the answer does not tell         |
 * | uploads of keys 1,200    | user                    | any hour | 1004, scope `key_uploads`                         |
 * | TURN credentials 30      | user                    | any hour | 1004, scope `turn_credentials`                    |
 * | stored key packages 100  | device                  | at once  | 1004 `KEY_LIMIT_REACHED`; counted in Postgres     |
 */
export const limitWindows = {
  keyRequests: 60_000,
  keysPerPair: 3_600_000,
  keysPerTarget: 3_600_000,
  keyUploads: 3_600_000,
  turnCredentials: 3_600_000,
} as const;
export type KeyLimit = keyof typeof limitWindows;

/** The option of `config.ts` that sets each. */
export const limitOptions = {
  keyRequests: 'keyRequestsPerMinute',
  keysPerPair: 'keysPerPairHour',
  keysPerTarget: 'keysPerTargetHour',
  keyUploads: 'keyUploadsPerHour',
  turnCredentials: 'turnPerHour',
} as const satisfies Record<KeyLimit, string>;
/** Their configured values. */
export type LimitConfig = Record<(typeof limitOptions)[KeyLimit], number>;

export function mostOf(config: LimitConfig): Record<KeyLimit, number> {
  const options = Object.entries(limitOptions) as [KeyLimit, keyof LimitConfig][];
  return Object.fromEntries(options.map(([limit, option]) => [limit, config[option]])) as Record<
    KeyLimit,
    number
  >;
}

/** Packages that are given out once; the last resort is extra. */
export const MAX_KEY_PACKAGES = 100;

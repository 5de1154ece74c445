/** The answer to `TIME` as milliseconds since 1970, with fractions. */
export function redisTimeMs([seconds, microseconds]: readonly (number | string)[]): number {
  return Number(seconds) * 1000 + Number(microseconds) / 1000;
}

/** The highest count of these moments (milliseconds) in any window of this length, wherever it begins. */
export function mostInAny(windowMs: number, moments: readonly number[]): number {
  const sorted = moments.toSorted((one, other) => one - other);
  let most = 0;
  let first = 0;
  sorted.forEach((at, index) => {
    while ((sorted[first] ?? 0) <= at - windowMs) first++;
    most = Math.max(most, index - first + 1);
  });
  return most;
}

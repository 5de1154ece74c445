import { enrol, type Person, personNamed } from '@securechat/testkit';

/** Concurrent requests to auth. */
const AT_ONCE = 16;

/** People with one device each, registered with auth. */
export async function enrolPeople(authUrl: string, prefix: string, count: number): Promise<Person[]> {
  const people = Array.from({ length: count }, (_, index) =>
    personNamed(`${prefix}_${index}`, { devices: 1 }),
  );
  await enrolAll(authUrl, people);
  return people;
}

export async function enrolAll(authUrl: string, people: readonly Person[]): Promise<void> {
  await inParallel(people, AT_ONCE, (person) => enrol(authUrl, person));
}

/** Runs `work` on each item with limited concurrency; results are in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  async function lane(): Promise<void> {
    for (const [index, item] of rest) results[index] = await work(item, index);
  }
  await Promise.all(Array.from({ length: atOnce }, lane));
  return results;
}

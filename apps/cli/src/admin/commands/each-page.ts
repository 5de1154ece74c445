/** Shows each page before it requests the next one, as a list may exceed the memory. */
export async function eachPage<Page extends { next?: string }>(
  ask: (query: Record<string, string>) => Promise<Page>,
  show: (page: Page) => void,
): Promise<void> {
  for (let next: string | undefined, isFirst = true; isFirst || next !== undefined; isFirst = false) {
    const page: Page = await ask(next === undefined ? {} : { after: next });
    show(page);
    next = page.next;
  }
}

import type { Page } from 'playwright-core';

/** Roles that a person acts on or looks for: without a name nobody who does not see them knows what they are. */
const NAMED_ROLES = new Set([
  'button',
  'link',
  'textbox',
  'searchbox',
  'combobox',
  'checkbox',
  'radio',
  'dialog',
  'img',
  'image',
  'navigation',
  'complementary',
]);

type Node = {
  ignored: boolean;
  role?: { value: string };
  name?: { value: string };
  backendDOMNodeId?: number;
};

/** What a screen reader could not tell, from the browser's own accessibility tree: empty when all is well. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const protocol = await page.context().newCDPSession(page);
  const { nodes } = (await protocol.send('Accessibility.getFullAXTree')) as { nodes: Node[] };
  await protocol.detach();
  const shown = nodes.filter(({ ignored }) => !ignored);
  const roles = shown.map(({ role }) => role?.value ?? '');
  const nameless = shown
    .filter(({ role, name }) => NAMED_ROLES.has(role?.value ?? '') && (name?.value ?? '').trim() === '')
    .map(({ role }) => `a ${role?.value} without a name`);
  const mains = roles.filter((role) => role === 'main').length;
  return [
    ...nameless,
    ...(mains === 1 ? [] : [`${mains} main landmarks`]),
    ...(roles.includes('heading') ? [] : ['no heading']),
    ...(await doubledIds(page)),
  ];
}

async function doubledIds(page: Page): Promise<string[]> {
  const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
  return ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `the id ${id} is there twice`);
}

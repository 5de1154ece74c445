/** What the server of the page has of them, see servePages. */
export const small = '/vectors/small';
const all = '/vectors/everything';
export const everything = (await fetch(`${all}/mls/messages.json`, { method: 'HEAD' })).ok ? all : undefined;

/** Fails when there is no such file. */
export async function readVectors(folder: string, path: string): Promise<string> {
  const answer = await fetch(`${folder}/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

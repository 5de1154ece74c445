/** As served with the page; see servePages. */
export const small = '/vectors/small';
const all = '/vectors/everything';
export const everything = (await fetch(`${all}/mls/messages.json`, { method: 'HEAD' })).ok ? all : undefined;

/** Rejects when there is no such file. */
export async function readVectors(folder: string, path: string): Promise<string> {
  const answer = await fetch(`${folder}/${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

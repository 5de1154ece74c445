/** From the server of the page, see servePages. */
export async function readVectors(name: string): Promise<string> {
  const answer = await fetch(`/vectors/small/${name}`);
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.text();
}

import type { Attacker } from './attacker.ts';
import type { BadInput } from './bad-input.ts';

/** A connection is ended for the faults beyond ten. */
const FAULTS_PER_CONNECTION = 10;

/** No number in it is magic: no frame begins with it. */
const NO_HEADER = Buffer.alloc(12, 0x21);

/** What was tried, and by whom. */
export type Attempt = { attacker: Attacker; input: BadInput };

/** All that was tried, again and again, on as few connections as the gateway allows. Resolves with the number of inputs. */
export async function flood(tried: readonly Attempt[], connections: number): Promise<number> {
  // a device has one connection, so what is sent in its name is sent by one after the other
  const byDevice = Map.groupBy(tried, ({ attacker }) => attacker.device);
  const floods = [...byDevice.values()].map(async (ofDevice) => {
    const byAttacker = Map.groupBy(ofDevice, ({ attacker }) => attacker);
    let sent = 0;
    for (const [attacker, list] of byAttacker) {
      const inputs = list.map(({ input }) => input);
      sent += await floodBy(attacker, inputs, Math.ceil(connections / byDevice.size / byAttacker.size));
    }
    return sent;
  });
  return (await Promise.all(floods)).reduce((sum, sent) => sum + sent, 0);
}

/** A session takes nine inputs that it outlives, and is ended by one that it does not, or by a fault beyond the ten. */
async function floodBy(
  attacker: Attacker,
  inputs: readonly BadInput[],
  connections: number,
): Promise<number> {
  const inSession = inputs.filter(({ at = 'session' }) => at === 'session');
  const beforeIt = inputs.filter((input) => !inSession.includes(input));
  const outlived = inSession.filter(({ end }) => end === undefined);
  const ending = inSession.filter(({ end }) => end !== undefined);
  let sent = 0;
  for (let n = 0; n < connections; n++) {
    const early = inSession.length === 0 || n % 4 === 3 ? beforeIt[n % beforeIt.length] : undefined;
    const client = early ? await attacker.at(early.at ?? 'session') : await attacker.newSession();
    const last = early ?? ending[n % ending.length];
    const batch = early ? 0 : Math.min(outlived.length, FAULTS_PER_CONNECTION - 1);
    for (let input = 0; input < batch; input++) {
      const next = outlived[sent++ % outlived.length];
      if (next) client.sendFrame(await next.send(attacker));
    }
    client.sendFrame(last ? await last.send(attacker) : NO_HEADER);
    sent++;
    await client.end();
  }
  return sent;
}

import { decodeBase64, encodeBase64, isSame } from '@securechat/protocol';
import type { Client, Conversation, WaitOptions } from '../api/index.ts';
import { abortable, systemClock, withDeadline } from '../clock.ts';
import { checked } from '../content/outgoing.ts';
import { CannotDo } from '../conversations/operations/built.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import { NotTheSame, RequestTimedOut } from '../errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { LinkRefused } from './errors.ts';
import { type LinkText, readLink } from './link-text.ts';
import { refusalsOf } from './take.ts';

/** The maker's device may have to wake up first. */
const DEADLINE_MS = 300_000;

/** Sends the link's secret to its maker, and waits until that adds this device. */
export async function join(
  client: Client,
  runtime: Runtime,
  text: string,
  { signal, deadlineMs = DEADLINE_MS }: WaitOptions = {},
): Promise<Conversation> {
  const link = readLink(text);
  const isHere = client.conversation(link.conversationId)?.isMember;
  if (link.inviter === client.me.userId && !isHere) throw new CannotDo('this is your own link');
  const late = () => new RequestTimedOut(`No device of ${link.inviter} has answered within ${deadlineMs} ms`);
  return withDeadline(systemClock, deadlineMs, signal, late, async (until) => {
    const arrival = arrivalIn(client, runtime, link);
    try {
      const arrived = client.conversation(link.conversationId);
      if (arrived?.isMember) return arrived;
      await show(client, runtime, link, until);
      return await abortable(abortable(arrival.done, runtime.stopping.signal), until);
    } finally {
      arrival.stop();
    }
  });
}

/** Sends only to the account named by the link: anybody else the server named could join with the secret. */
async function show(
  client: Client,
  { core }: Runtime,
  { inviter, accountKey, conversationId, secret }: LinkText,
  signal: AbortSignal,
): Promise<void> {
  const list = await core.people.list(inviter, { isFresh: true, signal });
  if (!isSame(decodeBase64(list.account_key), accountKey))
    throw new NotTheSame(`The server shows another account of ${inviter} than the one that made the link`);
  const { id } = await client.direct(inviter, { signal });
  const body = { conversationId, secret: encodeBase64(secret) };
  await core.registry.step(id, async (step) => {
    enqueueContent(core, step, checked('application/x-securechat-join', body));
    await step.write();
  });
}

function arrivalIn(client: Client, { core }: Runtime, { inviter, conversationId }: LinkText) {
  const { promise: done, resolve, reject } = Promise.withResolvers<Conversation>();
  done.catch(() => undefined);
  const leaving = [
    client.on('conversation', (each) => each.id === conversationId && each.isMember && resolve(each)),
    refusalsOf(core).on('refused', (refused) => {
      if (refused.from === inviter && refused.conversationId === conversationId)
        reject(new LinkRefused(`${inviter} refused: the link is not valid now`));
    }),
  ];
  return { done, stop: () => leaving.forEach((leave) => void leave()) };
}

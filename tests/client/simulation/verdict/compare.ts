import type { Message } from '@securechat/client';
import { awake, type World } from '../world.ts';
import { nameOf, type Shown } from './shown.ts';

/** Where devices show a conversation differently. */
export function compareShown(id: string, all: readonly Shown[]): string[] {
  const known = all.filter(({ conversation }) => !conversation.isRequest);
  return [
    ...differences(`${id} name`, known, ({ conversation }) => conversation.name),
    ...differences(`${id} members`, all, rolesOf),
    ...differences(`${id} devices`, all, devicesOf),
    ...all.filter(({ conversation }) => conversation.isStuck).map(({ device }) => `${id} ${device} is stuck`),
    ...lineDifferences(id, all),
    ...bySameUser(all).flatMap((own) => [
      ...differences(`${id} read through`, own, ({ kept }) => String(kept.readThrough)),
      ...differences(`${id} request`, own, ({ conversation }) => String(conversation.isRequest)),
    ]),
  ];
}

const rolesOf = ({ members }: Shown): string => members.map(({ userId, role }) => `${userId}=${role}`).join();
const devicesOf = ({ members }: Shown): string =>
  members.map(({ userId, devices }) => `${userId}=${[...devices].sort().join('+')}`).join();

/** Lines since a device joined are the same on all; earlier ones only among the devices of a person, which give each other the history. */
function lineDifferences(id: string, all: readonly Shown[]): string[] {
  const found: string[] = [];
  const places = new Map(
    all.map(({ device, lines }) => [device, new Map(lines.map((line) => [line.id, line]))]),
  );
  for (const messageId of new Set(all.flatMap(({ lines }) => lines.map((line) => line.id)))) {
    const showing = all.filter(({ device, kept }) => {
      const line = places.get(device)?.get(messageId);
      return line?.place !== undefined && line.place > kept.joinedPlace;
    });
    const lineOn = ({ device }: Shown): string => contentOf(places.get(device)?.get(messageId));
    found.push(...differences(`${id} ${messageId}`, showing, lineOn));
    for (const own of bySameUser(all.filter(({ device }) => places.get(device)?.has(messageId))))
      found.push(...differences(`${id} ${messageId} among own devices`, own, lineOn));
  }
  return [...new Set(found)];
}

/** Times of edits are by another clock where they were made. */
function contentOf(line: Message | undefined): string {
  if (!line) return '';
  const { from, place, body, replyTo, threadId, reactions, expiresAtMs, editedAtMs } = line;
  const reacted = Object.entries(reactions).map(([emoji, users]) => `${emoji} ${[...users].sort().join()}`);
  const isEdited = editedAtMs !== undefined;
  return JSON.stringify({
    from,
    place,
    body,
    replyTo,
    threadId,
    expiresAtMs,
    isEdited,
    reacted: reacted.sort(),
  });
}

/** A person is described, and is blocked, in the same way on all devices. */
export function comparePeople(world: World, all: readonly Shown[]): string[] {
  const devices = awake(world);
  const found: string[] = [];
  for (const userId of world.people) {
    const knowing = devices.filter(({ client }) => {
      const isAccepted = all.some(
        ({ me, conversation, members }) =>
          me === client.me && !conversation.isRequest && members.some((member) => member.userId === userId),
      );
      return client.me.userId === userId || isAccepted;
    });
    const told = new Map(
      knowing.map((device) => [nameOf(device), device.client.profile(userId).displayName ?? '']),
    );
    if (new Set(told.values()).size > 1) found.push(`profile of ${userId}: ${JSON.stringify([...told])}`);
  }
  const direct = all.filter(({ conversation }) => conversation.kind === 'direct');
  for (const own of bySameConversationAndUser(direct))
    found.push(...differences('blocked', own, ({ conversation }) => String(conversation.isBlocked)));
  return found;
}

function bySameUser(all: readonly Shown[]): Shown[][] {
  return [...Map.groupBy(all, ({ me }) => me.userId).values()];
}

function bySameConversationAndUser(all: readonly Shown[]): Shown[][] {
  return [...Map.groupBy(all, ({ me, conversation }) => `${me.userId} ${conversation.id}`).values()];
}

function differences(what: string, all: readonly Shown[], show: (shown: Shown) => string): string[] {
  const first = all[0];
  if (!first) return [];
  return all
    .filter((other) => show(other) !== show(first))
    .map((other) => `${what}: ${first.device} has ${show(first)}, ${other.device} has ${show(other)}`);
}

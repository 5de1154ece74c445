import { makeGroup, type Person, personNamed } from '@securechat/testkit';
import { beginningOf, chatFrames, type DirectPlace, routeBetween } from '../chat-frames.ts';
import { enrolAll, inParallel } from '../people.ts';
import { Session } from '../session.ts';
import { AT_ONCE, type Conversations, type Driver, type Target, urlFor } from './driver.ts';

/** Real keys, real logins, signed messages; `Session` keeps the rules of a client. */
export function secureChatDriver(target: Target): Driver {
  const people = new Map<number, Person>();
  const sessions = new Map<number, Session>();
  const personOf = (user: number): Person => {
    const known = people.get(user) ?? personNamed(`user_${user}`, { devices: 1 });
    people.set(user, known);
    return known;
  };
  const sessionOf = (user: number): Session => {
    const session = sessions.get(user);
    if (!session) throw new Error(`user ${user} is not online`);
    return session;
  };
  return {
    enrol: (users) => enrolAll(target.authUrl, users.map(personOf)),

    async open(user, context) {
      const session = await Session.open(urlFor(target, user), personOf(user), context);
      sessions.set(user, session);
      return session;
    },

    /** Both directions of a pair are one conversation. */
    inPairs(routes): Conversations {
      const byPair = new Map<string, DirectPlace>();
      const begun: { user: number; place: DirectPlace }[] = [];
      const places = routes.map(({ from, to }) => {
        const back = byPair.get(`${to} ${from}`);
        const place = routeBetween(personOf(from), personOf(to), back?.conversationId);
        byPair.set(`${from} ${to}`, place);
        if (!back) begun.push({ user: from, place });
        return place;
      });
      return {
        frame: chatFrames(places),
        async begin() {
          const byUser = [...Map.groupBy(begun, ({ user }) => user)];
          await inParallel(byUser, AT_ONCE, async ([user, mine]) => {
            for (const { place } of mine) await sessionOf(user).createConversation(beginningOf(place));
          });
        },
      };
    },

    inGroup(members): Conversations {
      const [creator, ...others] = members.map(personOf) as [Person, ...Person[]];
      const group = makeGroup({ creator, device: creator.device(0), others });
      const conversationId = group.conversation_id;
      return {
        frame: chatFrames(
          members.map((user) => ({ from: personOf(user), to: conversationId, conversationId })),
        ),
        begin: () => sessionOf(members[0] as number).createConversation(group),
      };
    },
  };
}

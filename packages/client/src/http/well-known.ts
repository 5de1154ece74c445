import { checkerOf, decodeBase64, PublicKey, type Static, Type } from '@securechat/protocol';
import { ServerBrokeProtocol } from '../errors.ts';
import { type AskOptions, ask } from './ask.ts';

const Published = Type.Object({
  service_keys: Type.Array(Type.Object({ public_key: PublicKey, state: Type.String() }), {
    minItems: 1,
    maxItems: 8,
  }),
  enrolment: Type.String(),
  protocol_versions: Type.Array(Type.String()),
  ws_path: Type.String({ pattern: '^/[A-Za-z0-9/._-]{1,128}$' }),
});
const check = checkerOf(Published);

export type ServerFacts = {
  /** The current service key. Without a better source it is trusted on first use, and pinned. */
  readonly serviceKey: Uint8Array;
  /** `open`, `invite` or `jwt`. */
  readonly enrolment: string;
  readonly protocolVersions: readonly string[];
  readonly webSocketPath: string;
};

/** What a server says about itself at `/.well-known/securechat`. Unproven until a login. */
export async function askServerFacts(base: string, options?: AskOptions): Promise<ServerFacts> {
  const answer = await ask(`${base}/.well-known/securechat`, undefined, options);
  const fault = check(answer);
  if (fault)
    throw new ServerBrokeProtocol(
      `What ${base} says of itself is not readable: ${fault.path} ${fault.keyword}`,
    );
  const { service_keys, enrolment, protocol_versions, ws_path } = answer as Static<typeof Published>;
  const current = service_keys.find(({ state }) => state === 'current') ?? service_keys[0];
  return {
    serviceKey: decodeBase64(current?.public_key ?? ''),
    enrolment,
    protocolVersions: protocol_versions,
    webSocketPath: ws_path,
  };
}

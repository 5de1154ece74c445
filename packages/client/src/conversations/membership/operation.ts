import { operationTranscript, sha256 } from '@securechat/crypto/e2ee';
import { type Downstream, encodeBase64, type GroupOperationName, type Upstream } from '@securechat/protocol';

/** An operation as it was sent or as it was delivered. */
export type Operation<N extends GroupOperationName = GroupOperationName> = Downstream<N> | Upstream<N>;

/** An operation before it is signed, with its key material. */
export type Unsigned<N extends GroupOperationName = GroupOperationName> = N extends GroupOperationName
  ? Omit<Upstream<N>, 'signature'>
  : never;

/** The hash that the next operation names: base64 of the SHA-256 of the transcript, equal for all forms of an operation. */
export async function digestOf(operation: Unsigned | Operation): Promise<string> {
  return encodeBase64(await sha256(await operationTranscript(operation)));
}

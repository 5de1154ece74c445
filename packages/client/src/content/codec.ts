import { parseJsonObject } from '@securechat/protocol';
import { readContent } from './bodies.ts';
import { gunzip, gzip } from './gzip.ts';
import { BadContent, compact, count, id, object, optionalText, text } from './shape.ts';
import type { Plain } from './types.ts';

/** First byte of a plaintext: the encoding of the rest. */
const JSON_AS_IT_IS = 0;
const JSON_GZIPPED = 1;
/** The largest tree size and a root. */
const MAX_KEY_LOG = 49;
const utf8 = new TextEncoder();

/** The plaintext that is encrypted. Padding comes later, so even compressed sizes show only as classes. */
export async function encodePlain(
  plain: Plain,
  options: { isCompressing: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const json = utf8.encode(JSON.stringify(plain));
  if (!options.isCompressing) return prefixed(JSON_AS_IT_IS, json);
  const zipped = await gzip(json);
  return zipped.length < json.length ? prefixed(JSON_GZIPPED, zipped) : prefixed(JSON_AS_IT_IS, json);
}

/** Throws `BadContent` for anything malformed that a member may have sent. */
export async function decodePlain(bytes: Uint8Array<ArrayBuffer>): Promise<Plain> {
  const [form] = bytes;
  const rest = bytes.subarray(1);
  if (form !== JSON_AS_IT_IS && form !== JSON_GZIPPED) throw new BadContent('unknown form of plaintext');
  const fields = parse(form === JSON_GZIPPED ? await gunzip(rest) : rest);
  return compact({
    id: id(fields, 'id'),
    from: id(fields, 'from'),
    content: readContent(object(fields.content, 'content')),
    logHead: text(fields, 'logHead', 44),
    lasting: count(fields, 'lasting'),
    keyLog: optionalText(fields, 'keyLog', MAX_KEY_LOG),
  });
}

function parse(json: Uint8Array): Record<string, unknown> {
  try {
    return parseJsonObject(json);
  } catch (error) {
    throw new BadContent('no JSON', { cause: error });
  }
}

function prefixed(form: number, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(1 + body.length);
  whole[0] = form;
  whole.set(body, 1);
  return whole;
}

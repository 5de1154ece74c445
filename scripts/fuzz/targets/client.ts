import { CodeNotReadable } from '@securechat/client';
import { createAccountKey, inviteDevice, readInvitation } from '@securechat/client/testing';
import { renderMarkdown } from '../../../apps/web/src/text/markdown.ts';
import { decodePlain, encodePlain } from '../../../packages/client/src/content/codec.ts';
import { BadContent } from '../../../packages/client/src/content/shape.ts';
import { contents } from '../../../packages/client/src/content/testing/contents.ts';
import type { Content } from '../../../packages/client/src/content/types.ts';
import type { Target } from '../target.ts';

/** What a member may have put inside the encryption. */
export async function plaintextTarget(): Promise<Target> {
  const plain = (content: Content) => ({ id: 'm_1', from: 'alice', content, logHead: 'head', lasting: 3 });
  const seeds = [false, true].flatMap((isCompressing) =>
    contents.map((content) => encodePlain(plain(content), { isCompressing })),
  );
  return {
    name: 'plaintext',
    seeds: await Promise.all(seeds),
    guidedBy: /\/packages\/(?:client\/src\/content|protocol\/src)\//,
    async run(input) {
      try {
        await decodePlain(Uint8Array.from(input));
      } catch (error) {
        if (!(error instanceof BadContent)) throw error;
      }
    },
  };
}

/** What somebody shows to the camera, or pastes. */
export async function codeTarget(): Promise<Target> {
  const { publicKey } = await createAccountKey();
  const now = 1_800_000_000;
  const server = { http: 'https://a.b', socket: 'wss://a.b/v1/ws', pins: [publicKey] };
  const list = { user_id: 'alice', account_key: Buffer.from(publicKey).toString('base64'), version: 1 };
  const code = inviteDevice(server, list as never, now);
  return {
    name: 'link-code',
    seeds: [Buffer.from(code)],
    guidedBy: /\/packages\/(?:client\/src\/identity|protocol\/src)\//,
    run(input) {
      try {
        readInvitation(Buffer.from(input).toString('utf8'), now);
      } catch (error) {
        if (!(error instanceof CodeNotReadable)) throw error;
      }
    },
  };
}

type Node = {
  type?: unknown;
  props?: { href?: unknown; children?: unknown; dangerouslySetInnerHTML?: unknown };
};

/** What somebody has written, as the page renders it: no HTML, and only safe links. */
export const markdownTarget: Target = {
  name: 'markdown',
  seeds: [
    '**bold** _italic_ `code` [link](https://a.b) ![image](https://a.b/c.png) <b>html</b>\n\n> quote\n> > more\n\n- a\n- b\n  1. c\n',
    '| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\ncode\n```\n\n# heading\n\n[ref]: javascript:alert(1)\n[ref] <https://a.b> mailto:a@b.c',
    '[x](javascript:alert(1)) [y](data:text/html,x) [z](//a.b) [w](&#106;avascript:x)',
  ].map((text) => Buffer.from(text)),
  guidedBy: /\/(?:apps\/web\/src\/text|marked)\//,
  run: (input) => judge(renderMarkdown(Buffer.from(input).toString('utf8'))),
};

function judge(node: unknown): void {
  if (Array.isArray(node)) return node.forEach(judge);
  if (typeof node !== 'object' || node === null) return;
  const { type, props = {} } = node as Node;
  if (['script', 'iframe', 'img', 'style', 'object', 'svg'].includes(String(type)))
    throw new Error(`shows ${type}`);
  if (props.dangerouslySetInnerHTML !== undefined) throw new Error('shows HTML');
  if (props.href !== undefined && !/^(?:https?|mailto):/i.test(String(props.href)))
    throw new Error(`leads to ${props.href}`);
  judge(props.children);
}

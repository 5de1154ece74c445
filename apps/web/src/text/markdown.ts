import { Lexer, type Token, type Tokens } from 'marked';
import { type ComponentChild, h } from 'preact';
import { safeLink } from './links.ts';

/**
 * Longer texts are shown unformatted: on malicious input of this length the lexer takes up to a third of a second, and four times that
 * for twice the length.
 */
const MAX_FORMATTED = 4_000;
/** Nested quotes or lists: nobody needs more, and each level costs stack. */
const MAX_NESTING = 12;

/** Renders the `text` of a run without marks; mentions are inserted there. */
type ShowText = (text: string) => ComponentChild;

/**
 * CommonMark as elements, never as HTML: tags are shown as text, images as links, and links only with safe schemes. Uses only the
 * library's lexer; unknown tokens are shown as written.
 */
export function renderMarkdown(source: string, showText: ShowText = (text) => text): ComponentChild {
  if (source.length > MAX_FORMATTED || nesting(source) > MAX_NESTING) return showText(source);
  return blocks(Lexer.lex(source, { gfm: true, breaks: true }), showText);
}

/** The text without marks, for single-line display. */
export function withoutMarks(source: string): string {
  if (source.length > MAX_FORMATTED || nesting(source) > MAX_NESTING) return source;
  return Lexer.lex(source, { gfm: true, breaks: true }).map(textOf).join(' ');
}

function textOf(token: Token): string {
  const { type, raw, text, tokens, items } = token as Tokens.Generic;
  const inner: Token[] | undefined = items ?? tokens;
  if (type === 'br' || type === 'space') return ' ';
  if (inner !== undefined) return inner.map(textOf).join(type === 'list' ? ' ' : '');
  return typeof text === 'string' && type !== 'html' ? text : raw;
}

/** Depth of a line's block marks; inline marks are bounded by the length. */
function nesting(source: string): number {
  const depths = source.split('\n').map((line) => {
    const marks = /^(?:\s|>|[-*+](?=\s|$)|\d{1,9}[.)](?=\s|$))*/.exec(line)?.[0] ?? '';
    return marks.match(/>|[-*+]|\d+/g)?.length ?? 0;
  });
  return Math.max(...depths);
}

function blocks(tokens: readonly Token[], showText: ShowText): ComponentChild[] {
  return tokens.map((token) => block(token as Tokens.Generic, showText));
}

function block(token: Tokens.Generic, showText: ShowText): ComponentChild {
  const inner = () => inlines(token.tokens ?? [], showText);
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'paragraph':
      return h('p', null, inner());
    // in a message a heading is emphasis: the page has its own outline
    case 'heading':
      return h('p', { class: 'md-heading' }, inner());
    case 'blockquote':
      return h('blockquote', null, blocks(token.tokens ?? [], showText));
    case 'code':
      return h('pre', { tabIndex: 0 }, h('code', null, token.text));
    case 'hr':
      return h('hr', null);
    case 'list':
      return list(token as Tokens.List, showText);
    // in a tight list item
    case 'text':
      return token.tokens ? inner() : showText(token.text);
    default:
      return showText(token.raw);
  }
}

function list(token: Tokens.List, showText: ShowText): ComponentChild {
  const items = token.items.map((item) => h('li', null, blocks(item.tokens, showText)));
  return token.ordered
    ? h('ol', { start: token.start === '' ? 1 : token.start }, items)
    : h('ul', null, items);
}

function inlines(tokens: readonly Token[], showText: ShowText): ComponentChild[] {
  return tokens.map((token) => inline(token as Tokens.Generic, showText));
}

function inline(token: Tokens.Generic, showText: ShowText): ComponentChild {
  const inner = () => inlines(token.tokens ?? [], showText);
  switch (token.type) {
    case 'strong':
    case 'em':
    case 'del':
      return h(token.type, null, inner());
    case 'codespan':
      return h('code', null, token.text);
    case 'br':
      return h('br', null);
    case 'escape':
      return token.text;
    case 'link':
      return link(token.href, inner(), token.raw);
    case 'image':
      return link(token.href, token.text || token.href, token.raw);
    case 'text':
      return token.tokens ? inner() : showText(token.text);
    default:
      return showText(token.raw);
  }
}

function link(address: string, inner: ComponentChild, raw: string): ComponentChild {
  const href = safeLink(address);
  if (href === undefined) return raw;
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow', title: href }, inner);
}

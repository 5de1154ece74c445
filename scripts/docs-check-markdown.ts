// Reads what the checks need from our own Markdown; not a general parser.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './tools.ts';

export type Table = { header: string[]; rows: string[][] };
export type Section = { title: string; body: string };

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Paths of all pages that are checked against the code. */
export function pages(): string[] {
  const atRoot = ['README.md', 'CONTRIBUTING.md', 'STYLE.md', 'SECURITY.md', 'CHANGELOG.md'];
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort();
  return [...atRoot.filter((name) => existsSync(join(ROOT, name))), ...inDocs];
}

/** The parts below headings of this level, each up to the next heading of this or a higher level. */
export function sections(markdown: string, level: number): Section[] {
  const found: Section[] = [];
  const heading = new RegExp(`^(#{1,${level}}) (.+)$`);
  let open: { title: string; lines: string[] } | undefined;
  let isCode = false;
  const close = () => open && found.push({ title: open.title, body: open.lines.join('\n') });
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    const match = isCode ? null : heading.exec(line);
    if (match) {
      close();
      open = match[1]?.length === level ? { title: match[2] ?? '', lines: [] } : undefined;
    } else open?.lines.push(line);
  }
  close();
  return found;
}

/** The section with this title, at any level. */
export function section(markdown: string, title: string): string {
  for (const level of [1, 2, 3, 4]) {
    const found = sections(markdown, level).find((candidate) => candidate.title === title);
    if (found) return found.body;
  }
  throw new Error(`no section is called "${title}"`);
}

export function tables(markdown: string): Table[] {
  const found: Table[] = [];
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (!lines[i]?.startsWith('|') || !/^\|[-|: ]+\|$/.test(lines[i + 1] ?? '')) continue;
    const table: Table = { header: cells(lines[i] ?? ''), rows: [] };
    for (i += 2; lines[i]?.startsWith('|'); i++) table.rows.push(cells(lines[i] ?? ''));
    found.push(table);
  }
  return found;
}

/** The rows of the table with this header. */
export function rowsOf(markdown: string, ...header: string[]): string[][] {
  const found = tables(markdown).find((table) => header.every((name, index) => table.header[index] === name));
  if (!found) throw new Error(`no table has the header ${header.join(' | ')}`);
  return found.rows;
}

export function jsonBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
}

/** Text between backticks, outside code blocks. */
export function codeSpans(markdown: string): string[] {
  const prose = markdown.replace(/^```[\s\S]*?^```$/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
}

export const bare = (cell: string): string =>
  cell.replaceAll('`', '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');

function cells(line: string): string[] {
  return line
    .slice(1, line.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

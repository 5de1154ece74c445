// Checks paths, links and test names in the pages: whatever they name must exist.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeSpans, pages, read, sections, tables } from './docs-check-markdown.ts';
import { ROOT } from './tools.ts';

/** Separates the file and the title of a test that a page cites. */
const ARROW = ' › ';
const PATH = /^(?:\.ci|apps|bench|docs|infra|packages|scripts|services|tests)\/[\w.\-/]+$/;
/** A line with these words may name something that does not exist. */
const ABSENT = /not (?:yet|built|there)/;

/** Files and folders between backticks must exist, unless the line says that they are not built. */
export function checkPaths(): string[] {
  return pages().flatMap((page) =>
    read(page)
      .split('\n')
      .filter((line) => !ABSENT.test(line))
      .flatMap((line) => codeSpans(line))
      .filter((span) => PATH.test(span) && !existsSync(join(ROOT, span)))
      .map((span) => `${page} names ${span}, which does not exist`),
  );
}

/** Relative links must lead to a file, and their anchors to a heading. */
export function checkLinks(): string[] {
  return pages().flatMap((page) => {
    const prose = read(page).replace(/^```[\s\S]*?^```$/gm, '');
    return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target))
      .flatMap((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(ROOT, file))) return [`${page} links to ${target}, which does not exist`];
        if (anchor === undefined || anchorsOf(file).has(anchor)) return [];
        return [`${page} links to ${target}, but ${file} has no such heading`];
      });
  });
}

function anchorsOf(page: string): Set<string> {
  const titles = [1, 2, 3, 4].flatMap((level) => sections(read(page), level).map(({ title }) => title));
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** A reference to a test is `path › title`; the file must contain a test with exactly this title. */
export function checkTestReferences(): string[] {
  return pages().flatMap((page) =>
    codeSpans(read(page))
      .filter((span) => span.includes(ARROW))
      .flatMap((span) => {
        const fault = faultOfReference(span);
        return fault === undefined ? [] : [`${page}: ${fault}`];
      }),
  );
}

function faultOfReference(reference: string): string | undefined {
  const [file = '', title = ''] = reference.split(ARROW);
  if (!file.endsWith('.test.ts') || title === '')
    return `"${reference}" is no "path/to/file.test.ts › title"`;
  const path = join(ROOT, file);
  if (!existsSync(path)) return `the test file ${file} does not exist (for "${title}")`;
  if (titlesIn(path).has(title)) return undefined;
  const close = [...titlesIn(path)].map((known) => `    ${known}`).join('\n');
  return `${file} has no test called "${title}". It has:\n${close}`;
}

/** Titles as written in `test('…'`, `it('…'` and `test.each(…)('…'`, unescaped. */
function titlesIn(path: string): Set<string> {
  const source = readFileSync(path, 'utf8');
  const found = source.matchAll(/(?:\b(?:test|it)(?:\.\w+)*|\))\(\s*(['"`])((?:\\.|(?!\1)[^\\\n])+)\1\s*,/g);
  return new Set([...found].map((match) => (match[2] ?? '').replace(/\\(.)/g, '$1')));
}

/** Groups of rows in docs/coverage.md, and their sizes. */
const FAMILIES: Record<string, number> = {
  OV: 5,
  TR: 5,
  WF: 6,
  EN: 11,
  AU: 9,
  CH: 4,
  PR: 6,
  SY: 7,
  CM: 7,
  P2: 6,
  GR: 7,
  FT: 6,
  RL: 8,
  SE: 9,
  IM: 9,
  DC: 10,
  H: 18,
};
const ERROR_ROWS = ['1000', '1001', '1002', '1003', '1004', '1005', '1006', '2000', '2001', '2002', 'RP'];

/** Every row occurs once, and names a test or says that there is none. */
export function checkCoverage(): string[] {
  const expected = [
    ...Object.entries(FAMILIES).flatMap(([family, count]) =>
      Array.from({ length: count }, (_, index) => `${family}-${index + 1}`),
    ),
    ...ERROR_ROWS.map((row) => `ER-${row}`),
  ];
  const rows = tables(read('docs/coverage.md')).flatMap(({ header, rows }) =>
    header.at(-1) === 'Proof' ? rows : [],
  );
  const ids = rows.map(([id = '']) => id);
  return [
    ...expected.filter((id) => !ids.includes(id)).map((id) => `docs/coverage.md has no row ${id}`),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `docs/coverage.md has ${id} twice`),
    ...rows
      .filter((row) => !row.at(-1)?.includes(ARROW) && !ABSENT.test(row.at(-1) ?? ''))
      .map(([id]) => `docs/coverage.md ${id}: neither a test nor "not yet" nor "not built, because …"`),
  ];
}

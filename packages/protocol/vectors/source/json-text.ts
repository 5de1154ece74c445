const LINE_WIDTH = 110;
type Json = unknown;

/** JSON in the format of this repository's formatter, so that generated files pass it unchanged. */
export function jsonText(value: Json): string {
  return `${print(value, '', '')}\n`;
}

function print(value: Json, indent: string, before: string): string {
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const oneLine = `[${value.map((item) => print(item, inner, '')).join(', ')}]`;
    if (!oneLine.includes('\n') && before.length + oneLine.length < LINE_WIDTH) return oneLine;
    const lines = value.map((item) => `${inner}${print(item, inner, inner)}`);
    return `[\n${lines.join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  if (members.length === 0) return '{}';
  const lines = members.map(([key, member]) => {
    const start = `${inner}${JSON.stringify(key)}: `;
    return start + print(member, inner, start);
  });
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

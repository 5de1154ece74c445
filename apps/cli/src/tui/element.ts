import { type BoxProps, Box as InkBox, Text as InkText, type TextProps } from 'ink';
import { createElement, type ReactElement, type ReactNode } from 'react';
import { plainLine } from '../output/plain.ts';

/** The only way to put text on the screen; removes everything that a terminal would interpret. */
export function line(props: Omit<TextProps, 'children'>, ...parts: (string | ReactElement)[]): ReactElement {
  const safe = parts.map((part) => (typeof part === 'string' ? plainLine(part) : part));
  return createElement(InkText, props, ...safe);
}

export function box(props: BoxProps & { key?: string | number }, ...children: ReactNode[]): ReactElement {
  return createElement(InkBox, props, ...children);
}

/** Of a code or a link that was copied from a window it was too long for. */
export const withoutBreaks = (code: string): string => code.replace(/\s/g, '');

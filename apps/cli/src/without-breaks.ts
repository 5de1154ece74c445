/** For a code or link copied from a window in which it was wrapped. */
export const withoutBreaks = (code: string): string => code.replace(/\s/g, '');

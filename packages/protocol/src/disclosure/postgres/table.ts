/** A table: until when its rows are kept, and what each column shows. A column that is not listed fails a test. */
export type Table = { readonly kept: string; readonly columns: Readonly<Record<string, string>> };
/** By schema and name; partitions count as their parent. */
export type Tables = Readonly<Record<string, Table>>;

export const USER = 'the account’s number';
export const DEVICE = 'the device’s number';
export const CONVERSATION = 'the conversation’s number';
export const SETTLED = 'nothing of people: bookkeeping';
export const FOREVER = 'for good, or until the user is erased';
export const REMOVED = 'until an operator removes it';

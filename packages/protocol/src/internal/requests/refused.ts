import type { ErrorDetail, ErrorName } from '../../errors.ts';

/** The error that the client is told. */
export type Refused = { ok: false; error: ErrorName; detail: ErrorDetail };

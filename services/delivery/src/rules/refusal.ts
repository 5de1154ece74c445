import type { ErrorDetail, ErrorName } from '@securechat/protocol';

export type Refusal = { error: ErrorName; detail?: ErrorDetail };

export const malformed = (path: string): Refusal => ({ error: 'INVALID_MESSAGE_FORMAT', detail: { path } });

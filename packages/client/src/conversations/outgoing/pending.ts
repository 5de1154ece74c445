import { signOperation } from '@securechat/crypto/e2ee';
import type { GroupOperationName, Upstream } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { begin, follow } from '../membership/follow.ts';
import { addressOf } from '../membership/log.ts';
import { digestOf, type Operation } from '../membership/operation.ts';
import type { Built } from '../operations/built.ts';
import { takeEffect } from '../operations/take-effect.ts';
import type { PendingOperation } from '../record.ts';
import type { Step } from '../step.ts';
import { enqueueState, greet } from './greet.ts';

/**
 * An own operation takes effect only once the server has accepted it: until then the conversation is unchanged, and the keys it would
 * lead to are stored beside it.
 */
export async function prepare(
  core: Core,
  step: Step,
  built: Built,
): Promise<{ operation: Operation; pending: PendingOperation }> {
  const signature = await signOperation(core.own, built.operation);
  const operation = { ...built.operation, signature } as Upstream<GroupOperationName>;
  const pending: PendingOperation = {
    operation,
    digest: await digestOf(operation),
    ...(built.leaves ? { leaves: built.leaves } : {}),
    ...(built.newName === undefined ? {} : { newName: built.newName }),
  };
  step.setPendingKeys(built.next);
  return { operation, pending };
}

/** The server accepted it: at `place`, or at an unknown one when others have built on it. */
export async function applyPending(core: Core, step: Step, place: number | undefined): Promise<void> {
  const { pending, ...rest } = step.record;
  if (!pending) return;
  const { operation, digest, leaves, newName } = pending;
  const next = leaves ? await step.pendingKeys() : undefined;
  if (leaves && !next) throw new Error('the keys are lost on this device');
  step.record = rest;
  const log =
    operation.type === 'group_create'
      ? begin(operation, digest, leaves ?? {}, rest.log)
      : follow(rest.log, operation, digest, leaves);
  takeEffect(core, step, { operation, log, next, place, newName });
  step.setPendingKeys(undefined);
  if (hasWelcomed(core, operation)) enqueueState(core, step);
  if (operation.type === 'group_member_add') await greet(core, step);
}

/** It was refused, or another operation came first. */
export function dropPending(step: Step): void {
  if (!step.found?.pending) return;
  const { pending: _, ...rest } = step.record;
  step.record = rest;
  step.setPendingKeys(undefined);
}

/** Whether it added devices that could not see what came before. */
export function hasWelcomed(core: Core, operation: Operation): boolean {
  const self = addressOf(core.own.userId, core.own.deviceId);
  return 'welcome_to' in operation && operation.welcome_to.some((address) => address !== self);
}

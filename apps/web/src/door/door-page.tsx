import type { Client } from '@securechat/client';
import { useState } from 'preact/hooks';
import { Choice } from '../parts/choice.tsx';
import { LinkForm } from './link-form.tsx';
import type { Door } from './opening.ts';
import { RecoverForm } from './recover-form.tsx';
import { SignUpForm } from './sign-up-form.tsx';
import { Card } from './waiting-pages.tsx';

type Way = 'sign-up' | 'link' | 'recover';

const WAYS: readonly { value: Way; label: string }[] = [
  { value: 'sign-up', label: 'New account' },
  { value: 'link', label: 'Link device' },
  { value: 'recover', label: 'Recover' },
];

export type DoorProperties = { door: Door; onEnter(client: Client): void };

/** Shown while this browser holds no account. */
export function DoorPage(properties: DoorProperties) {
  const [way, setWay] = useState<Way>('sign-up');
  return (
    <Card title="SecureChat">
      <p class="lead">Messages that only you and those you write to can read.</p>
      <Choice legend="How to begin" options={WAYS} value={way} onChoose={(chosen) => setWay(chosen)} />
      {way === 'sign-up' && <SignUpForm {...properties} />}
      {way === 'link' && <LinkForm {...properties} />}
      {way === 'recover' && <RecoverForm {...properties} />}
    </Card>
  );
}

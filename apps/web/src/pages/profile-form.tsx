import type { Profile } from '@securechat/client';
import { useState } from 'preact/hooks';
import { Avatar } from '../parts/avatar.tsx';
import { Field } from '../parts/field.tsx';
import { TaskForm } from '../parts/task-form.tsx';
import { useClient } from '../session/session.ts';
import { useTask } from '../session/use-task.ts';
import { shrinkPicture } from './shrink-picture.ts';

/** The user's profile; contacts see it, the server does not. */
export function ProfileForm() {
  const client = useClient();
  const [profile, setProfile] = useState<Profile>(() => client.profile(client.me.userId));
  const task = useTask();
  const choosePicture = async (file: File | undefined) => {
    if (file === undefined) return;
    const avatar = await shrinkPicture(file);
    setProfile((before) => ({ ...before, avatar }));
  };
  return (
    <section aria-labelledby="profile-title">
      <h2 id="profile-title">Profile</h2>
      <TaskForm task={task} onSubmit={() => client.setProfile(profile)} label="Save profile">
        <div class="person-head">
          <Avatar userId={client.me.userId} />
          <p class="hint">@{client.me.userId}</p>
        </div>
        <Field
          label="Name"
          value={profile.displayName ?? ''}
          onValue={(displayName) => setProfile({ ...profile, displayName })}
          maxLength={64}
        />
        <Field
          label="Status"
          value={profile.statusText ?? ''}
          onValue={(statusText) => setProfile({ ...profile, statusText })}
          maxLength={140}
        />
        <label class="field">
          Picture
          <input
            type="file"
            accept="image/png,image/jpeg,image/webp"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              void task.run(() => choosePicture(file));
            }}
          />
        </label>
      </TaskForm>
    </section>
  );
}

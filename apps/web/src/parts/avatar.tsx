import { useEffect, useState } from 'preact/hooks';
import { smallPicture } from '../files/small-picture.ts';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';

/** Classes hue-0 to hue-7 of the style sheets. */
const HUES = 8;

/** The picture of a user, or an initial on a colour that depends only on the name. */
export function Avatar({ userId }: { userId: string }) {
  const client = useClient();
  useClientEvents('profile');
  const { avatar, displayName } = client.profile(userId);
  const address = useBlobAddress(avatar);
  if (address !== undefined) return <img class="avatar" src={address} alt="" />;
  return <Initial name={displayName || userId} seed={userId} />;
}

/** For a group, which has no picture. */
export function Initial({ name, seed }: { name: string; seed: string }) {
  const [first = '?'] = name.trim();
  return (
    <span class={`avatar hue-${hueOf(seed)}`} aria-hidden="true">
      {first.toUpperCase()}
    </span>
  );
}

function hueOf(seed: string): number {
  let sum = 7;
  for (const character of seed) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9_973;
  return sum % HUES;
}

/** A stranger's bytes as an image: an in-memory address, used only for pictures. */
export function useBlobAddress(bytes: Uint8Array | undefined): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const picture = bytes && smallPicture(bytes);
    if (picture === undefined) return setAddress(undefined);
    const made = URL.createObjectURL(picture);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return address;
}

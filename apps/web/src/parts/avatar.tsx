import { useEffect, useState } from 'preact/hooks';
import { smallPicture } from '../files/small-picture.ts';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';

/** Classes hue-0 to hue-7 of the style sheets. */
const HUES = 8;

/** The picture of a user, or the first letter on a colour that is always the same for the same name. */
export function Avatar({ userId }: { userId: string }) {
  const client = useClient();
  useClientEvents('profile');
  const { avatar, displayName } = client.profile(userId);
  const address = useBlobAddress(avatar);
  if (address !== undefined) return <img class="avatar" src={address} alt="" />;
  return <Initial name={displayName || userId} seed={userId} />;
}

/** Of a group: nobody's picture. */
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

/** Bytes of a stranger as an image: by its address in memory, as a picture and nothing else. */
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

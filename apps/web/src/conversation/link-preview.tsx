import type { LinkPreview } from '@securechat/client';
import { useBlobAddress } from '../parts/avatar.tsx';
import { safeLink } from '../text/links.ts';

/** Made by the sender and part of the message: nothing is fetched. */
export function LinkPreviewCard({ preview }: { preview: LinkPreview }) {
  const image = useBlobAddress(preview.image);
  const href = safeLink(preview.url);
  if (href === undefined) return null;
  return (
    <a class="link-preview" href={href} target="_blank" rel="noopener noreferrer nofollow">
      {image !== undefined && <img src={image} alt="" />}
      <strong>{preview.title}</strong>
      {preview.description !== undefined && <span>{preview.description}</span>}
      <span class="hint">{new URL(href).host}</span>
    </a>
  );
}

/** A browser has read the address long before. */
const KEPT_MS = 60_000;

/** As if somebody had followed a link to it. It is never opened as a page: that would run what is in it. */
export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

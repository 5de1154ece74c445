/** Long after the browser has read the address. */
const KEPT_MS = 60_000;

/** Saves it like a followed download link. Never opened as a page, which would run its content. */
export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}

import { errorText } from '../text/error-text.ts';

export function ErrorText({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return (
    <p class="error-text" role="alert">
      {errorText(error)}
    </p>
  );
}

import { useId, useLayoutEffect, useRef } from 'preact/hooks';

type Properties = {
  label: string;
  hint?: string;
  value: string;
  onValue(value: string): void;
  isSecret?: boolean;
  autocapitalize?: 'none';
  spellcheck?: boolean;
  maxLength?: number;
  required?: boolean;
  /** The HTML attribute has no effect once something else had the focus. */
  isFocused?: boolean;
};

/** A one-line text field with its label and hint. */
export function Field({ label, hint, onValue, isSecret, isFocused, ...rest }: Properties) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // at once: a quick typist's next keys would go elsewhere
  useLayoutEffect(() => {
    if (isFocused) input.current?.focus();
  }, []);
  const common = {
    ...rest,
    ref: input,
    id,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isSecret ? (
        <input type="password" autocomplete="new-password" {...common} />
      ) : (
        <input type="text" autocomplete="off" {...common} />
      )}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

import type { ComponentChildren, TargetedInputEvent } from 'preact';
import { useId } from 'preact/hooks';

type FieldProps = {
  readonly label: string;
  readonly hint?: ComponentChildren;
  /** The error of the value. */
  readonly error?: string | undefined;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: 'text' | 'password' | 'number' | 'search' | 'tel';
  readonly required?: boolean;
  readonly placeholder?: string;
  /** Suggestions. */
  readonly list?: readonly string[];
  readonly min?: number;
  readonly focused?: boolean;
};

export const Field = ({
  label,
  hint,
  error,
  value,
  onInput,
  type = 'text',
  list,
  focused,
  ...rest
}: FieldProps) => {
  const id = useId();
  const notes = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  const input = {
    ...rest,
    id,
    value,
    // Nothing typed here is worth a browser's memory, and a key must not be in it.
    autocomplete: 'off',
    spellcheck: false,
    'aria-describedby': notes || undefined,
    'aria-invalid': error ? ('true' as const) : undefined,
    ref: focused ? focusOnce : null,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => onInput(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? (
        <input {...input} type={type} />
      ) : type === 'number' ? (
        <input {...input} type={type} />
      ) : (
        <input {...input} type={type} list={list && `${id}-list`} />
      )}
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((option) => (
            <option key={option} value={option} />
          ))}
        </datalist>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
};

/** When it appears. */
const focusOnce = (input: HTMLInputElement | null): void => input?.focus();

type ChoiceProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly options: readonly (readonly [value: T, words: string])[];
};

export const Choice = <T extends string>({ label, value, onChange, options }: ChoiceProps<T>) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = options.find(([option]) => option === event.currentTarget.value);
          if (chosen) onChange(chosen[0]);
        }}
      >
        {options.map(([option, words]) => (
          <option key={option} value={option} selected={option === value}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
};

type CheckboxProps = {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
};

export const Checkbox = ({ label, checked, onChange }: CheckboxProps) => (
  <label class="checkbox">
    <input type="checkbox" checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} />
    <span>{label}</span>
  </label>
);

type SegmentsProps<T extends string> = {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly options: readonly (readonly [value: T, words: string])[];
};

/** One of a few, all in sight: radio buttons side by side. */
export const Segments = <T extends string>({ label, value, onChange, options }: SegmentsProps<T>) => {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend>{label}</legend>
      {options.map(([option, words]) => (
        <label key={option}>
          <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
};

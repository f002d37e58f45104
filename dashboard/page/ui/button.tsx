import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icons.tsx';

export type ButtonProps = {
  readonly children: ComponentChildren;
  readonly onClick?: (() => void) | undefined;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly icon?: IconName;
  readonly submit?: boolean;
  /** The reason is readable for all users: the button stays in the tab order. */
  readonly disabled?: boolean | undefined;
  /** Work is under way; clicks do nothing. */
  readonly busy?: boolean | undefined;
};

/** A disabled button keeps its focus and says that it is disabled, so that the focus does not jump to the page's start. */
export const Button = ({ children, onClick, kind = 'plain', icon, submit, disabled, busy }: ButtonProps) => (
  <button
    type={submit ? 'submit' : 'button'}
    class={`button ${kind}`}
    aria-disabled={disabled || busy ? 'true' : undefined}
    onClick={(event) => {
      if (disabled || busy) event.preventDefault();
      else onClick?.();
    }}
  >
    {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
    <span>{children}</span>
  </button>
);

export type IconButtonProps = {
  readonly name: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly danger?: boolean;
  readonly busy?: boolean | undefined;
  readonly disabled?: boolean | undefined;
};

export const IconButton = ({ name, label, onClick, danger, busy, disabled }: IconButtonProps) => (
  <button
    type="button"
    class={danger ? 'icon-button danger' : 'icon-button'}
    aria-label={label}
    title={label}
    aria-disabled={busy || disabled ? 'true' : undefined}
    onClick={() => {
      if (!busy && !disabled) onClick();
    }}
  >
    {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name={name} />}
  </button>
);

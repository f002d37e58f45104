import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Button } from './button.tsx';
import { Dialog } from './dialog.tsx';
import { Failure } from './problem.tsx';

type ConfirmProps = {
  readonly title: string;
  readonly children: ComponentChildren;
  /** The button's text and action. The action may reject: the dialog stays and shows why. */
  readonly ask: string;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
  readonly danger?: boolean;
};

/** Asks before something is done that can't be undone. */
export const Confirm = ({ title, children, ask, onConfirm, onClose, danger = true }: ConfirmProps) => {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      {error !== undefined && <Failure error={error} />}
      <div class="dialog-actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind={danger ? 'danger' : 'primary'} busy={busy} onClick={() => void confirm()}>
          {ask}
        </Button>
      </div>
    </Dialog>
  );
};

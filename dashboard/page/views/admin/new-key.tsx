import type { CreatedKey } from '../../../../client/index.ts';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Dialog } from '../../ui/dialog.tsx';

/** The only time that a key is seen: when the dialog closes, the page has forgotten it. */
export const NewKey = ({ made, onClose }: { readonly made: CreatedKey; readonly onClose: () => void }) => (
  <Dialog title={`The key for ${made.userId}`} onClose={onClose}>
    <p>It is shown only once. Berth stores only a hash: copy it now.</p>
    <p class="new-key">
      <code>{made.key}</code>
    </p>
    <div class="dialog-actions">
      <Copy text={made.key} what="key" />
      <Button kind="primary" onClick={onClose}>
        Done
      </Button>
    </div>
  </Dialog>
);

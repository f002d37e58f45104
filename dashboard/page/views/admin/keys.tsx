import { useState } from 'preact/hooks';
import type { CreatedKey } from '../../../../client/index.ts';
import type { KeyView } from '../../../../contract/bodies/admin.ts';
import { keys } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { AdminView } from './admin-nav.tsx';
import { CreateKey } from './create-key.tsx';
import { KeyTable } from './key-table.tsx';
import { NewKey } from './new-key.tsx';

export const Keys = () => {
  useWatched(keys);
  const [made, setMade] = useState<CreatedKey>();
  const [revoking, setRevoking] = useState<KeyView>();
  const [switching, setSwitching] = useState<KeyView>();
  return (
    <AdminView view="keys">
      <div class="keys-grid">
        <Panel title="Keys in use">
          <Loaded from={keys} what="the keys" lines={5}>
            {(list) =>
              list.length === 0 ? (
                <Empty title="There is no key" />
              ) : (
                <KeyTable keys={list} onSwitch={setSwitching} onRevoke={setRevoking} />
              )
            }
          </Loaded>
        </Panel>
        <CreateKey
          onMade={(key) => {
            setMade(key);
            void keys.refresh();
          }}
        />
      </div>
      {made && <NewKey made={made} onClose={() => setMade(undefined)} />}
      {revoking && (
        <Confirm
          title={`Revoke the key ${revoking.label ?? revoking.id}?`}
          ask="Revoke it"
          onClose={() => setRevoking(undefined)}
          onConfirm={async () => {
            await berth.keys.delete(revoking.id);
            announceDone(`The key ${revoking.label ?? revoking.id} is revoked`);
            await keys.refresh();
          }}
        >
          <p>
            Programs of <strong>{revoking.userId}</strong> that use it are rejected from now on, and users who
            signed in with it are signed out. This cannot be undone.
          </p>
        </Confirm>
      )}
      {switching && <SwitchKey subject={switching} onClose={() => setSwitching(undefined)} />}
    </AdminView>
  );
};

/** An inactive key is rejected until it is made active again; unlike a revoked one it can come back. */
const SwitchKey = ({ subject, onClose }: { readonly subject: KeyView; readonly onClose: () => void }) => {
  const name = subject.label ?? subject.id;
  const isActive = subject.isActive === false;
  return (
    <Confirm
      title={isActive ? `Activate the key ${name}?` : `Deactivate the key ${name}?`}
      ask={isActive ? 'Activate it' : 'Deactivate it'}
      onClose={onClose}
      onConfirm={async () => {
        await berth.keys.update(subject.id, { isActive });
        announceDone(`The key ${name} is ${isActive ? 'active' : 'inactive'}`);
        await keys.refresh();
      }}
    >
      <p>
        Programs of <strong>{subject.userId}</strong> that use it are{' '}
        {isActive ? 'accepted again' : 'rejected until it is active again'}.
      </p>
    </Confirm>
  );
};

import { useState } from 'preact/hooks';
import { me, signOut } from '../state/identity.ts';
import { announceFailure } from '../state/notices.ts';
import { IconButton } from '../ui/button.tsx';

export const Account = () => {
  const [busy, setBusy] = useState(false);
  const { userId, role } = me.value;
  const signOutNow = async () => {
    setBusy(true);
    try {
      await signOut();
    } catch (error) {
      announceFailure('You are still signed in', error);
      setBusy(false);
    }
  };
  return (
    <div class="account">
      <span class="account-name" title={`Signed in as ${userId}, ${role}`}>
        <span class="account-user">{userId}</span>
        <span class="account-role">{role}</span>
      </span>
      <IconButton name="leave" label="Sign out" busy={busy} onClick={() => void signOutNow()} />
    </div>
  );
};

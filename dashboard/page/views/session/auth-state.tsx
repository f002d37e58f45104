import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { bytes } from '../../rules/format.ts';
import { Facts, Panel } from '../../ui/panel.tsx';
import { Age, Moment } from '../../ui/time.tsx';

/** The saved account, which a start without a QR code needs. */
export const AuthState = ({ session: { authState, me } }: { readonly session: SessionView }) => (
  <Panel title="Saved account" aside={authState && <span class="tag good">saved</span>}>
    {authState ? (
      <Facts
        of={[
          [
            'Saved',
            <>
              <Moment at={Date.parse(authState.savedAt)} />{' '}
              <span class="faint">
                <Age since={Date.parse(authState.savedAt)} /> ago
              </span>
            </>,
          ],
          ['Size', bytes(authState.bytes)],
          ['Browser', authState.chromiumBuild],
        ]}
      />
    ) : (
      <p class="faint">
        {me
          ? 'Not saved yet: the first snapshot follows shortly after linking.'
          : 'Nothing is saved. The next start shows a QR code.'}
      </p>
    )}
  </Panel>
);

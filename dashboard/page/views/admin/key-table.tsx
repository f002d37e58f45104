import type { KeyView } from '../../../../contract/bodies/admin.ts';
import { now } from '../../state/clock.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Age, Moment } from '../../ui/time.tsx';

type KeyTableProps = {
  readonly keys: readonly KeyView[];
  readonly onSwitch: (key: KeyView) => void;
  readonly onRevoke: (key: KeyView) => void;
};

export const KeyTable = ({ keys, onSwitch, onRevoke }: KeyTableProps) => (
  <Scroll label="List of keys">
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">Key</th>
          <th scope="col">User</th>
          <th scope="col">Role</th>
          <th scope="col">May</th>
          <th scope="col">Made</th>
          <th scope="col">Expires</th>
          <th scope="col">
            <span class="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row">
              {key.label ?? <span class="faint">no label</span>}
              {key.isActive === false && <span class="faint"> (inactive)</span>}
              <code class="key-id">{key.id}</code>
            </th>
            <td>{key.userId}</td>
            <td>{key.role}</td>
            <td>{allowed(key)}</td>
            <td>
              <Age since={Date.parse(key.createdAt)} /> ago
            </td>
            <td>{key.expiresAt ? <Expiry at={Date.parse(key.expiresAt)} /> : 'never'}</td>
            <td class="end">
              <Button onClick={() => onSwitch(key)}>
                {key.isActive === false ? 'Activate' : 'Deactivate'}
              </Button>
              <IconButton
                name="delete"
                label={`Revoke ${key.label ?? key.id}`}
                danger
                onClick={() => onRevoke(key)}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

const Expiry = ({ at }: { readonly at: number }) =>
  at < now.peek() ? <span class="faint">expired</span> : <Moment at={at} />;

const allowed = ({ sessions, scopes }: KeyView): string =>
  [
    scopes === null ? 'all that the role allows' : scopes.join(', '),
    ...(sessions === null ? [] : [`only ${sessions.join(', ')}`]),
  ].join('; ');

import { useState } from 'preact/hooks';
import type { CreatedKey } from '../../../../client/index.ts';
import { createKeyRequestSchema, type Role } from '../../../../contract/bodies/admin.ts';
import { type Scope, scopeSchema } from '../../../../contract/scopes.ts';
import { berth } from '../../state/server.ts';
import { owners } from '../../state/sessions.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Choice, Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';

const DAY_SECONDS = 24 * 3600;
const LIVES = [
  ['', 'Never'],
  [String(DAY_SECONDS), 'In a day'],
  [String(30 * DAY_SECONDS), 'In 30 days'],
  [String(365 * DAY_SECONDS), 'In a year'],
] as const;

const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  'sessions:read': 'show sessions',
  'sessions:write': 'create, start, stop and link sessions',
  'messages:read': 'read chats and messages',
  'messages:send': 'send messages',
  metrics: 'read metrics about all users, without names',
  admin: 'administer',
};

export const CreateKey = ({ onMade }: { readonly onMade: (key: CreatedKey) => void }) => {
  const [userId, setUserId] = useState('');
  const [label, setLabel] = useState('');
  const [role, setRole] = useState<Role>('user');
  const [sessions, setSessions] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [life, setLife] = useState<(typeof LIVES)[number][0]>('');
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction();

  const names = sessions.split(/[\s,]+/).filter(Boolean);
  const parsed = createKeyRequestSchema.safeParse({
    userId,
    role,
    ...(label.trim() === '' ? {} : { label: label.trim() }),
    ...(names.length === 0 ? {} : { sessions: names }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(life === '' ? {} : { expiresInSeconds: Number(life) }),
  });
  const issueOf = (field: string) =>
    tried ? parsed.error?.issues.find(({ path }) => path[0] === field)?.message : undefined;

  const make = async () => {
    setTried(true);
    if (!parsed.success) return;
    await run(async () => {
      onMade(await berth.keys.create(parsed.data));
      setTried(false);
      setUserId('');
      setLabel('');
      setSessions('');
      setScopes([]);
    });
  };

  return (
    <Panel title="New key">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <Field
          label="User"
          value={userId}
          onInput={setUserId}
          list={owners.value}
          error={issueOf('userId')}
        />
        <Field label="Label" value={label} onInput={setLabel} hint="Its purpose." error={issueOf('label')} />
        <Choice
          label="Role"
          value={role}
          options={[
            ['user', 'User: own sessions'],
            ['admin', 'Admin: all sessions'],
          ]}
          onChange={setRole}
        />
        <fieldset class="checks">
          <legend>Scopes (none selected: all that the role allows)</legend>
          {scopeSchema.options
            .filter((scope) => scope !== 'admin' || role === 'admin')
            .map((scope) => (
              <Checkbox
                key={scope}
                label={SCOPE_WORDS[scope]}
                checked={scopes.includes(scope)}
                onChange={(on) =>
                  setScopes(on ? [...scopes, scope] : scopes.filter((each) => each !== scope))
                }
              />
            ))}
        </fieldset>
        <Field
          label="Only these sessions"
          value={sessions}
          onInput={setSessions}
          hint="Names, separated by spaces. Empty: all of the user’s."
          error={issueOf('sessions')}
        />
        <Choice label="Expires" value={life} options={LIVES} onChange={setLife} />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit busy={busy}>
          Make the key
        </Button>
      </form>
    </Panel>
  );
};

import { useState } from 'preact/hooks';
import { sessionNameSchema, userIdSchema } from '../../../../contract/bodies/sessions.ts';
import { isAdmin, me } from '../../state/identity.ts';
import { go } from '../../state/route.ts';
import { berth } from '../../state/server.ts';
import { owners, putSession } from '../../state/sessions.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';

const firstIssue = (parsed: {
  readonly error?: { readonly issues: readonly { readonly message: string }[] };
}) => parsed.error?.issues[0]?.message;

export const CreateSession = () => {
  const [name, setName] = useState('');
  const [owner, setOwner] = useState(me.peek().userId);
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAction({ staysBusy: true });
  const nameIssue = firstIssue(sessionNameSchema.safeParse(name));
  const ownerIssue = firstIssue(userIdSchema.safeParse(owner));

  const submit = async () => {
    setTried(true);
    if (nameIssue || ownerIssue) return;
    await run(async () => {
      const session = await berth.sessions.create({ name }, { userId: owner });
      putSession(session);
      go({ view: 'link', userId: session.userId, name: session.name });
    });
  };

  return (
    <Panel title="New session" class="form-panel">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field
          label="Session name"
          value={name}
          onInput={setName}
          focused
          hint="Letters, digits, “_” and “-”. The API uses this name."
          error={tried ? nameIssue : undefined}
        />
        {isAdmin.value && (
          <Field
            label="Owner"
            value={owner}
            onInput={setOwner}
            list={owners.value}
            hint="The user whose limit it counts against."
            error={tried ? ownerIssue : undefined}
          />
        )}
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit busy={busy}>
          Create and show the code
        </Button>
      </form>
    </Panel>
  );
};

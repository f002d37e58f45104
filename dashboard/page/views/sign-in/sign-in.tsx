import { useState } from 'preact/hooks';
import { signIn } from '../../state/identity.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { Wordmark } from '../../ui/wordmark.tsx';

/** Takes an API key for a cookie. The key is in this field and in one request, nowhere else. */
export const SignIn = ({ expired }: { readonly expired: boolean }) => {
  const [key, setKey] = useState('');
  const { busy, error, run } = useAction({ staysBusy: true });

  const submit = () => run(() => signIn(key.trim()));

  return (
    <main class="sign-in" id="main">
      <form
        class="sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== '' && !busy) void submit();
        }}
      >
        <Wordmark />
        <h1>Sign in</h1>
        {expired && (
          <p role="status" class="note">
            You were signed out: the sign-in expired, or the key was revoked.
          </p>
        )}
        <Field
          label="API key"
          type="password"
          value={key}
          onInput={setKey}
          required
          focused
          hint="The permissions of the key decide what you see. The browser does not store it."
        />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit busy={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
};

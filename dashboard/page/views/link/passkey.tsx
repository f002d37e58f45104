import { useId, useState } from 'preact/hooks';
import { type PasskeyChallenge, signingScript } from '../../../../client/index.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { answerIn } from './passkey-answer.ts';

type About = { readonly userId: string; readonly name: string };

/** WhatsApp asks for the passkey of the account: where to sign, the script that asks for it, and a field for its answer. */
export const Passkey = ({
  userId,
  name,
  challenge,
}: About & { readonly challenge: PasskeyChallenge | undefined }) =>
  challenge ? (
    <SignIt key={challenge.challenge} userId={userId} name={name} challenge={challenge} />
  ) : (
    <div class="link-wait">
      <span class="spinner large" aria-hidden="true" />
      <p>WhatsApp asks for the passkey of this account.</p>
    </div>
  );

const SignIt = ({ userId, name, challenge }: About & { readonly challenge: PasskeyChallenge }) => {
  const [answer, setAnswer] = useState('');
  const [issue, setIssue] = useState<string>();
  const { busy, error, run } = useAction({ staysBusy: true });
  const script = signingScript(challenge);

  const submit = async () => {
    if (busy) return;
    const parsed = answerIn(answer);
    setIssue(
      parsed ? undefined : 'This is not the result of the script. It is one line that begins with {"id":',
    );
    if (!parsed) return;
    await run(async () => void (await berth.auth.passkey.submit(name, parsed, { userId })));
  };

  return (
    <div class="passkey">
      <p>
        <b>WhatsApp asks for the passkey of this account.</b> Only its owner can sign, at WhatsApp’s own site.
      </p>
      <ol class="how">
        <li>
          On a computer or phone that has the passkey, open <code>https://web.whatsapp.com</code> in a
          browser.
        </li>
        <li>
          Open the developer tools (F12) and their <b>Console</b>. Paste this script, press Enter, and sign.
        </li>
        <li>Copy what it prints, and paste it below.</li>
      </ol>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre class="script" tabIndex={0}>
        {script}
      </pre>
      <div>
        <Copy text={script} what="script" />
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Answer value={answer} onInput={setAnswer} error={issue} />
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" submit busy={busy}>
          Continue linking
        </Button>
      </form>
    </div>
  );
};

type AnswerProps = {
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly error: string | undefined;
};

const Answer = ({ value, onInput, error }: AnswerProps) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>Result of the script</label>
      <textarea
        id={id}
        rows={3}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
};

/** The code that the phone shows too, if WhatsApp asks to compare. */
export const CompareCode = ({ userId, name, code }: About & { readonly code: string }) => {
  const { busy, error, run } = useAction({ staysBusy: true });
  const confirm = () => run(async () => void (await berth.auth.passkey.confirm(name, { userId })));
  return (
    <div class="passkey">
      <p>
        <b>Compare this code with the one on the phone.</b>
      </p>
      <div class="pairing-code">
        <p class="code" aria-label={`Code: ${code.split('').join(' ')}`} role="img">
          {code.replace(/^(.{4})-?(.{4})$/, '$1-$2')}
        </p>
        <p class="faint">
          If the phone shows another code, stop: another person may be linking this account.
        </p>
        {error !== undefined && <Failure error={error} />}
        <Button kind="primary" busy={busy} onClick={() => void confirm()}>
          The phone shows the same code
        </Button>
      </div>
    </div>
  );
};

import { useState } from 'preact/hooks';
import { requestCodeArgs } from '../../../../core/commands.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Field } from '../../ui/field.tsx';
import { Failure } from '../../ui/problem.tsx';

/** Eight letters to type into the phone, where its camera can't see this screen. */
export const PairingCode = ({ userId, name }: { readonly userId: string; readonly name: string }) => {
  const [number, setNumber] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [code, setCode] = useState<string>();
  const [error, setError] = useState<unknown>();
  const issue = requestCodeArgs.safeParse({ phoneNumber: number }).error?.issues[0]?.message;

  const request = async () => {
    setTried(true);
    if (busy || issue) return;
    setBusy(true);
    setError(undefined);
    try {
      setCode(await berth.auth.requestCode(name, number, { userId }));
    } catch (thrown) {
      setCode(undefined);
      setError(thrown);
    }
    setBusy(false);
  };

  return (
    <div class="pairing">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void request();
        }}
      >
        <Field
          label="Phone number of the account"
          type="tel"
          placeholder="+49 170 1234567"
          value={number}
          onInput={setNumber}
          hint="International, with the country’s code."
          error={tried && issue ? 'This must be an international phone number, 7 to 15 digits.' : undefined}
        />
        <Button kind="primary" submit busy={busy}>
          {code ? 'Get another code' : 'Get a code'}
        </Button>
      </form>
      {error !== undefined && <Failure error={error} />}
      {code && (
        <div class="pairing-code">
          <p class="code" aria-label={`Pairing code: ${code.split('').join(' ')}`} role="img">
            {code.replace(/^(.{4})-?(.{4})$/, '$1-$2')}
          </p>
          <p class="faint">
            On the phone: <b>Linked devices</b>, <b>Link a device</b>, <b>Link with phone number instead</b>.
          </p>
          <Copy text={code} what="code" />
        </div>
      )}
    </div>
  );
};

import { useEffect, useState } from 'preact/hooks';
import type { PairingCodeView } from '../../../../contract/bodies/commands.ts';
import { requestCodeArgs } from '../../../../contract/worker/account-commands.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Copy } from '../../ui/copy.tsx';
import { Field } from '../../ui/field.tsx';
import { Failure } from '../../ui/problem.tsx';

/** The time within which the renewed code arrives. */
const RENEWAL_MS = 2_000;

/** Eight letters to type into the phone, if its camera cannot see this screen. */
export const PairingCode = ({ userId, name }: { readonly userId: string; readonly name: string }) => {
  const [number, setNumber] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [pairing, setPairing] = useState<PairingCodeView>();
  const [error, setError] = useState<unknown>();
  const issue = requestCodeArgs.safeParse({ phoneNumber: number }).error?.issues[0]?.message;

  const request = async () => {
    setTried(true);
    if (busy || issue) return;
    setBusy(true);
    setError(undefined);
    try {
      setPairing(await berth.auth.pairingCode(name, number, { userId }));
    } catch (thrown) {
      setPairing(undefined);
      setError(thrown);
    }
    setBusy(false);
  };

  // WhatsApp replaces the code when it expires. A repeated request returns the new one.
  useEffect(() => {
    if (!pairing) return;
    const left = Date.parse(pairing.expiresAt) - Date.now() + RENEWAL_MS;
    const timer = setTimeout(() => void request(), Math.max(RENEWAL_MS, left));
    return () => clearTimeout(timer);
  }, [pairing]);
  const code = pairing?.code;

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

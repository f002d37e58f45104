import { useState } from 'preact/hooks';
import { precise } from '../../rules/format.ts';
import { stats } from '../../state/capacity.ts';
import { hrefOf } from '../../state/route.ts';
import { sessionOf } from '../../state/sessions.ts';
import { Segments } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { Countdown } from '../../ui/time.tsx';
import { LinkEnd } from './link-end.tsx';
import { PairingCode } from './pairing-code.tsx';
import { CompareCode, Passkey } from './passkey.tsx';
import { QrCode } from './qr-code.tsx';
import { Steps } from './steps.tsx';
import { type Linking, useLinking } from './use-link.ts';

/** A person is waited for. */
const WAITING_PHASES: readonly Linking['phase'][] = ['code', 'passkey', 'compare'];

type LinkPanelProps = { readonly userId: string; readonly name: string };

export const LinkPanel = ({ userId, name }: LinkPanelProps) => {
  const [turn, setTurn] = useState(0);
  const [way, setWay] = useState<'qr' | 'code'>('qr');
  const linking = useLinking(userId, name, turn);
  const again = () => setTurn(turn + 1);
  const usual = stats.data.value?.lastDay?.createToQr?.p50Ms;
  const giveUpAt = sessionOf({ userId, name })?.qrExpiresAt;

  return (
    <Panel
      title={name}
      class="link-panel"
      aside={<a href={hrefOf({ view: 'session', userId, name })}>Session’s own view</a>}
    >
      <Steps phase={linking.phase} />
      <div class="link-stage" aria-live="polite">
        {linking.phase === 'starting' && (
          <div class="link-wait">
            <span class="spinner large" aria-hidden="true" />
            <p>Starting a browser for this session.</p>
            {usual !== undefined && <p class="faint">A code usually shows within {precise(usual)}.</p>}
          </div>
        )}
        {linking.phase === 'code' && (
          <>
            <Segments
              label="How to link"
              value={way}
              options={[
                ['qr', 'QR code'],
                ['code', 'Pairing code'],
              ]}
              onChange={setWay}
            />
            {way === 'qr' ? <QrCode qr={linking.qr} /> : <PairingCode userId={userId} name={name} />}
          </>
        )}
        {linking.phase === 'passkey' && <Passkey userId={userId} name={name} challenge={linking.challenge} />}
        {linking.phase === 'compare' && <CompareCode userId={userId} name={name} code={linking.code} />}
        {WAITING_PHASES.includes(linking.phase) && giveUpAt && (
          <p class="faint link-limit" aria-live="off">
            The session ends in <Countdown to={Date.parse(giveUpAt)} /> unless an account is linked.
          </p>
        )}
        {linking.phase === 'scanned' && (
          <div class="link-wait">
            <span class="spinner large" aria-hidden="true" />
            <p>The phone has answered. WhatsApp is logging in.</p>
          </div>
        )}
        {(linking.phase === 'linked' || linking.phase === 'ended') && (
          <LinkEnd session={linking.session} linked={linking.phase === 'linked'} onAgain={again} />
        )}
        {linking.phase === 'failed' && <Failure error={linking.error} onRetry={again} />}
      </div>
    </Panel>
  );
};

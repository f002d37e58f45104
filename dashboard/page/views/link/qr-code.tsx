import { useComputed } from '@preact/signals';
import { now } from '../../state/clock.ts';
import type { DrawnQr } from './drawn-qr.ts';

/** The code, always dark on white as cameras want it, with the seconds that it still lives. */
export const QrCode = ({ qr }: { readonly qr: DrawnQr | undefined }) => (
  <div class="qr">
    <div class="qr-frame">
      {qr ? (
        <svg class="qr-picture" viewBox={qr.box} role="img" aria-label="QR code to scan with WhatsApp">
          <path stroke="#000" d={qr.dark} />
        </svg>
      ) : (
        <span class="spinner large" aria-hidden="true" />
      )}
    </div>
    <div class="qr-words">
      {qr ? <Remaining key={qr.dark} to={qr.expiresAt} /> : <p>Waiting for the code</p>}
      <ol class="how">
        <li>Open WhatsApp on the phone.</li>
        <li>
          Go to <b>Settings</b>, <b>Linked devices</b>, <b>Link a device</b>.
        </li>
        <li>Point the phone at this code.</li>
      </ol>
    </div>
  </div>
);

const Remaining = ({ to }: { readonly to: number }) => {
  const seconds = useComputed(() => Math.max(0, Math.ceil((to - now.value) / 1000)));
  return (
    <p class="qr-remaining" aria-live="off">
      {seconds.value > 0 ? (
        <>
          New code in <strong class="figures">{seconds}</strong> s
        </>
      ) : (
        'Fetching the next code'
      )}
    </p>
  );
};

import { me } from '../state/identity.ts';

/** Shows the environment, and a clear warning if nothing reaches WhatsApp. */
export const Where = () => {
  const { environment, whatsapp } = me.value;
  return (
    <span class="where">
      <span class="tag">{environment}</span>
      {whatsapp === 'simulator' && (
        <span class="tag simulator" title="WhatsApp is simulated: messages do not leave this machine">
          simulator
        </span>
      )}
    </span>
  );
};

import { useComputed } from '@preact/signals';
import type { StatsView } from '../../../../contract/bodies/admin.ts';
import { EXPIRY_WORDS, isExpiring, nextExpiry } from '../../rules/expiry.ts';
import { now } from '../../state/clock.ts';
import { hrefOf } from '../../state/route.ts';
import { sessions } from '../../state/sessions.ts';
import { Panel } from '../../ui/panel.tsx';
import { Empty } from '../../ui/states.tsx';
import { Age, Countdown } from '../../ui/time.tsx';

const SHOWN = 8;

/** Sessions that end by themselves unless something happens, the next one first; and the one that runs longest. */
export const EndingSoon = ({ oldest }: { readonly oldest: StatsView['oldest'] }) => {
  const ends = useComputed(() =>
    [...sessions.value.values()]
      .flatMap((session) => {
        const expiry = nextExpiry(session);
        return expiry ? [{ session, expiry }] : [];
      })
      .sort((a, b) => a.expiry.at - b.expiry.at)
      .slice(0, SHOWN),
  );
  const soon = useComputed(() => ends.value.filter(({ expiry }) => isExpiring(expiry, now.value)).length);
  return (
    <Panel
      title="Ending next"
      class="ending"
      aside={soon.value > 0 ? <span class="tag warning">{soon.value} soon</span> : undefined}
    >
      {ends.value.length === 0 ? (
        <Empty title="No session is about to end" />
      ) : (
        <ul class="lines">
          {ends.value.map(({ session, expiry }) => (
            <li key={`${session.userId}/${session.name}`}>
              <a href={hrefOf({ view: 'session', userId: session.userId, name: session.name })}>
                {session.name} <span class="faint">{session.userId}</span>
              </a>
              <span class="faint">{EXPIRY_WORDS[expiry.why]}</span>
              <Countdown to={expiry.at} />
            </li>
          ))}
        </ul>
      )}
      {oldest && (
        <p class="panel-foot">
          Running longest:{' '}
          <a href={hrefOf({ view: 'session', userId: oldest.userId, name: oldest.name })}>{oldest.name}</a>,
          for <Age since={Date.parse(oldest.startedAt)} />
        </p>
      )}
    </Panel>
  );
};

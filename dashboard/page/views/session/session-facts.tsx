import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { span } from '../../rules/format.ts';
import { reasonWords, STATE_WORDS } from '../../rules/words.ts';
import { Facts, Panel } from '../../ui/panel.tsx';
import { Age, Countdown, Moment } from '../../ui/time.tsx';

const RESTART_WORDS = {
  always: 'after every loss of its task',
  'on-failure': 'after a crash, a lost heartbeat or a failed start',
} as const;

type Fact = readonly [term: string, value: preact.ComponentChildren];

export const SessionFacts = ({ session }: { readonly session: SessionView }) => {
  const { state, stopReason, detail, me, dialogs, config, startedAt, createdAt } = session;
  const { qrExpiresAt, idleAt, expiresAt, epoch, restart } = session;
  const ignored = Object.entries(config.ignore ?? {})
    .flatMap(([kind, isIgnored]) => (isIgnored ? [kind] : []))
    .join(', ');
  const facts: readonly (Fact | false | undefined | '' | null)[] = [
    ['State', STATE_WORDS[state]],
    stopReason && ['Stop reason', reasonWords(stopReason)],
    detail && ['In detail', detail],
    me?.lid && ['Hidden id', me.lid],
    dialogs !== null &&
      dialogs.unknown > 0 && [
        'Dialogs',
        `WhatsApp Web shows ${dialogs.unknown} unknown; Berth leaves them open`,
      ],
    dialogs !== null && dialogs.closed > 0 && ['Announcements closed', String(dialogs.closed)],
    startedAt && [
      'Started',
      <StartedAt key="started" at={Date.parse(startedAt)} running={expiresAt !== null} />,
    ],
    restart.nextAttemptAt !== null && [
      'Starts again in',
      <Countdown key="restart" to={Date.parse(restart.nextAttemptAt)} />,
    ],
    restart.reason && [
      'Restarts',
      `${restart.attempts} of ${restart.maxAttempts} within ${span(restart.windowSeconds * 1000)}; the last one: ${reasonWords(restart.reason)}`,
    ],
    restart.policy !== 'never' && ['Restart policy', RESTART_WORDS[restart.policy]],
    qrExpiresAt && ['Ends unscanned in', <Countdown key="qr" to={Date.parse(qrExpiresAt)} />],
    idleAt && ['Ends for being idle in', <Countdown key="idle" to={Date.parse(idleAt)} />],
    expiresAt && ['Ends at the latest in', <Countdown key="ends" to={Date.parse(expiresAt)} />],
    config.keepAlive === true && ['Kept alive', 'neither idleness nor its duration ends it'],
    config.idleTimeoutSeconds !== undefined && ['Own idle limit', span(config.idleTimeoutSeconds * 1000)],
    config.maxDurationSeconds !== undefined && ['Own duration', span(config.maxDurationSeconds * 1000)],
    config.proxy && ['Proxy', config.proxy.server],
    ignored !== '' && ['Ignores', ignored],
    config.sendSeen === true && ['Marks as read', 'a chat, before each message to it'],
    ['Start number', String(epoch)],
    ['Created', <Moment key="created" at={Date.parse(createdAt)} />],
    ...Object.entries(config.metadata ?? {}).map(([key, value]): Fact => [key, value]),
  ];
  return (
    <Panel title="Now">
      <Facts of={facts.filter((fact): fact is Fact => Array.isArray(fact))} />
    </Panel>
  );
};

const StartedAt = ({ at, running }: { readonly at: number; readonly running: boolean }) => (
  <>
    <Moment at={at} />
    {running && (
      <span class="faint">
        {' '}
        <Age since={at} /> ago
      </span>
    )}
  </>
);

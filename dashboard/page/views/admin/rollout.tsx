import { useState } from 'preact/hooks';
import type {
  RolloutReport,
  RolloutState,
  RolloutView,
  Standing,
} from '../../../../contract/bodies/rollout.ts';
import { plural } from '../../rules/format.ts';
import { rollout } from '../../state/capacity.ts';
import { announceDone } from '../../state/notices.ts';
import { useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty, Loaded } from '../../ui/states.tsx';
import { Moment } from '../../ui/time.tsx';
import { useAction } from '../../ui/use-action.ts';
import { AdminView } from './admin-nav.tsx';

/** Moves running sessions to the newest version of the worker: preview, start, progress, cancel. */
export const Rollout = () => {
  useWatched(rollout);
  return (
    <AdminView view="rollout">
      <p class="lead">
        Sessions that restart by themselves move to the newest version, wave by wave. All others keep theirs
        until they end.
      </p>
      <Loaded from={rollout} what="the rollout" lines={6}>
        {({ rollout: view }) => (
          <>
            {view?.state !== 'running' && <Start />}
            <Panel
              title={view?.state === 'running' ? 'The rollout that runs' : 'The last rollout'}
              aside={view && <StateTag state={view.state} />}
            >
              {view ? <Progress view={view} /> : <Empty title="There was no rollout yet" />}
            </Panel>
          </>
        )}
      </Loaded>
    </AdminView>
  );
};

const STATE_WORDS: Readonly<Record<RolloutState, string>> = {
  running: 'running',
  completed: 'completed',
  stopped: 'stopped',
  canceled: 'canceled',
};

const StateTag = ({ state }: { readonly state: RolloutState }) => (
  <span class={state === 'stopped' ? 'tag warning' : state === 'completed' ? 'tag good' : 'tag'}>
    {STATE_WORDS[state]}
  </span>
);

const MOST = { wave: 200, pause: 3600 } as const;

const issueOf = (text: string, least: number, most: number): string | undefined => {
  const value = Number(text);
  return text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most
    ? undefined
    : `A whole number, ${least} to ${most}.`;
};

const Start = () => {
  const [wave, setWave] = useState('5');
  const [pause, setPause] = useState('30');
  const [plan, setPlan] = useState<RolloutReport['plan']>(null);
  const [asking, setAsking] = useState(false);
  const { busy, error, run } = useAction();
  const waveIssue = issueOf(wave, 1, MOST.wave);
  const pauseIssue = issueOf(pause, 0, MOST.pause);

  const look = () => run(async () => setPlan((await berth.rollout.start({ dryRun: true })).plan));
  return (
    <Panel title="Start a rollout">
      <form
        class="cleanup-form"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <div class="form-row">
          <Field
            label="Sessions in a wave"
            type="number"
            min={1}
            value={wave}
            onInput={setWave}
            error={waveIssue}
          />
          <Field
            label="Pause after a wave (seconds)"
            type="number"
            min={0}
            value={pause}
            onInput={setPause}
            error={pauseIssue}
          />
        </div>
        <div class="form-actions">
          <Button submit kind={plan ? 'plain' : 'primary'} busy={busy}>
            {plan ? 'Look again' : 'Show what would move'}
          </Button>
          <Button
            kind="danger"
            disabled={!plan || plan.move === 0 || waveIssue !== undefined || pauseIssue !== undefined}
            onClick={() => setAsking(true)}
          >
            Start the rollout
          </Button>
        </div>
        {!plan && <p class="hint">Preview first, then confirm.</p>}
      </form>
      {error !== undefined && <Failure error={error} />}
      <div role="status">
        {plan && (
          <p>
            {plural(plan.move, 'session')} would move, {plan.newest} have the newest version, {plan.left} are
            left until they end{plan.unknown > 0 && `, ${plan.unknown} start or end just now`}.
          </p>
        )}
      </div>
      {asking && plan && (
        <Confirm
          title={`Move ${plural(plan.move, 'session')}?`}
          ask="Start the rollout"
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await berth.rollout.start({ wave: Number(wave), pauseSeconds: Number(pause) });
            announceDone('The rollout is started');
            setPlan(null);
            await rollout.refresh();
          }}
        >
          <p>
            Each session stops, saves its account and starts again. It is down for the time of a start. A wave
            that does not work again stops the rollout.
          </p>
        </Confirm>
      )}
    </Panel>
  );
};

const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  waiting: 'is asked to stop',
  moving: 'stops or starts',
  works: 'works',
  left: 'left the rollout',
  failed: 'failed',
};

const Progress = ({ view }: { readonly view: RolloutView }) => {
  const [canceling, setCanceling] = useState(false);
  return (
    <>
      <p>
        {plural(view.moved, 'session')} moved in {plural(view.waves, 'wave')}
        {view.remaining !== null && `, ${view.remaining} to go`}
        {view.left !== null && view.left > 0 && `, ${view.left} left with an older version`}. Started{' '}
        <Moment at={Date.parse(view.startedAt)} />
        {view.endedAt !== null && (
          <>
            , ended <Moment at={Date.parse(view.endedAt)} />
          </>
        )}
        .
      </p>
      {view.detail !== null && <p role="alert">{view.detail}</p>}
      {view.members.length > 0 && <Members view={view} />}
      {view.state === 'running' && (
        <div class="form-actions">
          <Button kind="danger" onClick={() => setCanceling(true)}>
            Cancel the rollout
          </Button>
        </div>
      )}
      {canceling && (
        <Confirm
          title="Cancel the rollout?"
          ask="Cancel the rollout"
          onClose={() => setCanceling(false)}
          onConfirm={async () => {
            await berth.rollout.cancel();
            announceDone('The rollout is canceled');
            await rollout.refresh();
          }}
        >
          <p>No further session moves. The present wave starts again by itself.</p>
        </Confirm>
      )}
    </>
  );
};

const Members = ({ view }: { readonly view: RolloutView }) => (
  <Scroll label="Sessions of the wave">
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">User</th>
          <th scope="col">Session</th>
          <th scope="col">Progress</th>
        </tr>
      </thead>
      <tbody>
        {view.members.map(({ userId, name, standing }) => (
          <tr key={`${userId}/${name}`}>
            <td>{userId}</td>
            <th scope="row">{name}</th>
            <td>{STANDING_WORDS[standing]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Scroll>
);

import { useState } from 'preact/hooks';
import type { CleanupReport } from '../../../../contract/bodies/admin.ts';
import type { State } from '../../../../contract/lifecycle.ts';
import { plural } from '../../rules/format.ts';
import { STATE_WORDS } from '../../rules/words.ts';
import { refreshFigures } from '../../state/capacity.ts';
import { useWatched } from '../../state/polled.ts';
import { berth } from '../../state/server.ts';
import { owners, sessionList } from '../../state/sessions.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Choice, Field, Segments } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';
import { AdminView } from './admin-nav.tsx';
import { CleanupList } from './cleanup-list.tsx';

type Request = NonNullable<Parameters<typeof berth.cleanup>[0]>;

/** The states that a cleanup by hand may select. */
const STATES: readonly State[] = ['PENDING', 'STARTING', 'RUNNING'];

/** First a list of what would end, and why; only then a button that does exactly what was listed for. */
export const Cleanup = () => {
  useWatched(sessionList);
  const [mode, setMode] = useState<'regular' | 'emergency'>('regular');
  const [minutes, setMinutes] = useState('');
  const [userId, setUserId] = useState('');
  const [state, setState] = useState<State | ''>('');
  const [dry, setDry] = useState<CleanupReport>();
  const [done, setDone] = useState<CleanupReport>();
  const { busy, error, run, clearError } = useAction();
  const [asking, setAsking] = useState(false);

  const age = minutes.trim() === '' ? undefined : Number(minutes);
  const ageIssue =
    age !== undefined && !(Number.isInteger(age) && age >= 0) ? 'Whole minutes, 0 or more.' : undefined;
  const request: Request = {
    mode,
    filter: {
      ...(age === undefined ? {} : { olderThanSeconds: age * 60 }),
      ...(userId === '' ? {} : { userId }),
      ...(state === '' ? {} : { state }),
    },
  };
  /** The filter has changed, and the list belongs to the earlier one. So the button is disabled again. */
  const disarm = () => {
    setDry(undefined);
    setDone(undefined);
    clearError();
  };

  const look = async () => {
    if (busy || ageIssue) return;
    disarm();
    await run(async () => setDry(await berth.cleanup({ ...request, dryRun: true })));
  };
  const end = async () => {
    const report = await berth.cleanup({ ...request, dryRun: false });
    setDry(undefined);
    setDone(report);
    refreshFigures();
    void sessionList.refresh();
  };

  return (
    <AdminView view="cleanup">
      <p class="lead">Ends sessions and keeps their accounts: each can start again without a QR code.</p>
      <Panel title="Sessions to end">
        <form
          class="cleanup-form"
          onSubmit={(event) => {
            event.preventDefault();
            void look();
          }}
        >
          <Segments
            label="Mode"
            value={mode}
            options={[
              ['regular', 'Regular'],
              ['emergency', 'Emergency'],
            ]}
            onChange={(value) => {
              setMode(value);
              disarm();
            }}
          />
          <p class="hint">
            {mode === 'regular'
              ? 'Sessions past one of their deadlines, or, with an age, all older ones.'
              : 'Every session that matches the filters. Without filters: all of them.'}
          </p>
          <div class="form-row">
            <Field
              label="Older than (minutes)"
              type="number"
              min={0}
              value={minutes}
              onInput={(value) => {
                setMinutes(value);
                disarm();
              }}
              error={ageIssue}
            />
            <Choice
              label="User"
              value={userId}
              options={[['', 'All users'], ...owners.value.map((owner) => [owner, owner] as const)]}
              onChange={(value) => {
                setUserId(value);
                disarm();
              }}
            />
            <Choice
              label="State"
              value={state}
              options={[['', 'Any state'], ...STATES.map((each) => [each, STATE_WORDS[each]] as const)]}
              onChange={(value) => {
                setState(value);
                disarm();
              }}
            />
          </div>
          <div class="form-actions">
            <Button submit kind={dry ? 'plain' : 'primary'} busy={busy}>
              {dry ? 'Look again' : 'Show what would end'}
            </Button>
            <Button
              kind="danger"
              disabled={!dry || dry.sessions.length === 0}
              onClick={() => setAsking(true)}
            >
              {dry && dry.sessions.length > 0
                ? `End ${plural(dry.sessions.length, 'session')}`
                : 'End sessions'}
            </Button>
          </div>
          {!dry && !done && <p class="hint">Preview first, then confirm.</p>}
        </form>
        {error !== undefined && <Failure error={error} />}
      </Panel>
      <div role="status">
        {dry && <CleanupList report={dry} />}
        {done && <CleanupList report={done} />}
      </div>
      {asking && dry && (
        <Confirm
          title={`End ${plural(dry.sessions.length, 'session')}?`}
          ask={`End ${plural(dry.sessions.length, 'session')}`}
          onClose={() => setAsking(false)}
          onConfirm={end}
        >
          <p>
            {mode === 'emergency'
              ? 'They end now, including sessions in use. Sessions that match the filters when you confirm end, which may be more or fewer than listed.'
              : 'Sessions that are due when you confirm end, which may be more or fewer than listed.'}
          </p>
        </Confirm>
      )}
    </AdminView>
  );
};

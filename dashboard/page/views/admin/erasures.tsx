import { useState } from 'preact/hooks';
import type { ErasureView } from '../../../../contract/bodies/erasure.ts';
import { userIdSchema } from '../../../../contract/bodies/sessions.ts';
import { announceDone } from '../../state/notices.ts';
import { berth } from '../../state/server.ts';
import { owners } from '../../state/sessions.ts';
import { Button } from '../../ui/button.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { Scroll } from '../../ui/scroll.tsx';
import { Empty } from '../../ui/states.tsx';
import { Moment } from '../../ui/time.tsx';
import { AdminView } from './admin-nav.tsx';

const STATES: Readonly<Record<ErasureView['state'], readonly [words: string, tone: string]>> = {
  waiting: ['waiting', 'warning'],
  erasing: ['last pass to come', 'warning'],
  erased: ['erased', 'good'],
};

/** Erasures of one user, and the order to erase everything of them. */
export const Erasures = () => {
  const [userId, setUserId] = useState('');
  const [list, setList] = useState<readonly ErasureView[]>();
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>();
  const issue = userId === '' ? undefined : userIdSchema.safeParse(userId).error?.issues[0]?.message;

  const show = async () => {
    setError(undefined);
    try {
      setList(await berth.erasures.list({ userId }));
    } catch (thrown) {
      setError(thrown);
    }
  };

  return (
    <AdminView view="erasures">
      <p class="lead">
        A deleted session is erased in about 20 minutes, a user in about 25. Reports are kept for 30 days.
      </p>
      <Panel title="One user">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (userId !== '' && !issue) void show();
          }}
        >
          <Field
            label="User"
            value={userId}
            onInput={(value) => {
              setUserId(value);
              setList(undefined);
            }}
            list={owners.value}
            error={issue}
          />
          {error !== undefined && <Failure error={error} />}
          <div class="form-actions">
            <Button submit disabled={userId === '' || issue !== undefined}>
              Show erasures
            </Button>
            {list && (
              <Button kind="danger" onClick={() => setAsking(true)}>
                Erase {userId}
              </Button>
            )}
          </div>
        </form>
        {list && <List of={list} />}
      </Panel>
      {isAsking && (
        <Confirm
          title={`Erase ${userId}`}
          ask="Erase everything"
          onConfirm={async () => {
            await berth.erasures.user({ userId });
            announceDone(`The erasure of ${userId} is ordered`);
            await show();
          }}
          onClose={() => setAsking(false)}
        >
          <p>
            All sessions of {userId} end. Their accounts, files, events, limits and keys are erased and cannot
            be restored.
          </p>
        </Confirm>
      )}
    </AdminView>
  );
};

const List = ({ of: erasures }: { readonly of: readonly ErasureView[] }) =>
  erasures.length === 0 ? (
    <Empty title="Nothing was deleted in the last 30 days" />
  ) : (
    <Scroll label="List of erasures">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">Ordered</th>
            <th scope="col">Erased</th>
            <th scope="col">Items</th>
            <th scope="col">Objects</th>
          </tr>
        </thead>
        <tbody>
          {erasures.map((erasure) => (
            <Row key={`${erasure.kind} ${erasure.sessionId} ${erasure.requestedAt}`} erasure={erasure} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );

const Row = ({ erasure }: { readonly erasure: ErasureView }) => {
  const { kind, session, state, requestedAt, erasedAt, items, objects, sessionsLeft } = erasure;
  const [words, tone] = STATES[state];
  return (
    <tr>
      <th scope="row">{kind === 'user' ? 'the user' : session}</th>
      <td>
        <span class={`tag ${tone}`}>{words}</span>
        {sessionsLeft !== null && sessionsLeft > 0 && ` ${sessionsLeft} sessions left`}
      </td>
      <td>
        <Moment at={Date.parse(requestedAt)} />
      </td>
      <td>{erasedAt && <Moment at={Date.parse(erasedAt)} />}</td>
      <td>{items}</td>
      <td>{objects}</td>
    </tr>
  );
};

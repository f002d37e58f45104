import { count } from '../../rules/format.ts';
import { EVERYTHING, isFiltered } from '../../rules/session-list.ts';
import { may } from '../../state/identity.ts';
import { useWatched } from '../../state/polled.ts';
import { hrefOf } from '../../state/route.ts';
import { sessionList, sessions, sessionsLoaded } from '../../state/sessions.ts';
import { filter, rows } from '../../state/table.ts';
import { Button } from '../../ui/button.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Failure } from '../../ui/problem.tsx';
import { Empty, Loading } from '../../ui/states.tsx';
import { Filters } from './filters.tsx';
import { Table } from './table.tsx';

export const Sessions = () => {
  useWatched(sessionList);
  const total = sessions.value.size;
  const error = sessionList.error.value;
  return (
    <div class="view sessions">
      <div class="view-head">
        <h1>Sessions</h1>
        <p class="view-count" role="status">
          {isFiltered(filter.value) ? `${count(rows.value.length)} of ${count(total)}` : count(total)}
          {!sessionsLoaded.value && total > 0 && ' so far'}
        </p>
        {may('sessions:write') && (
          <a class="button primary" href={hrefOf({ view: 'link' })}>
            <Icon name="plus" />
            <span>New session</span>
          </a>
        )}
      </div>
      <Filters />
      {error !== undefined && <Failure error={error} onRetry={() => void sessionList.refresh()} />}
      <Content total={total} failed={error !== undefined} />
    </div>
  );
};

const Content = ({ total, failed }: { readonly total: number; readonly failed: boolean }) => {
  if (rows.value.length > 0) return <Table />;
  if (!sessionsLoaded.value) return failed ? null : <Loading what="the sessions" lines={8} />;
  return total === 0 ? (
    <Empty title="No session yet">
      <p>A session is one WhatsApp account, linked by QR code, in its own task.</p>
      <a class="button primary" href={hrefOf({ view: 'link' })}>
        Link the first account
      </a>
    </Empty>
  ) : (
    <Empty title="No session matches">
      <p>None of the {count(total)} sessions is what the search and the filters ask for.</p>
      <Button
        onClick={() => {
          filter.value = EVERYTHING;
        }}
      >
        Show all
      </Button>
    </Empty>
  );
};

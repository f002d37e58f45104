import { useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { stateSchema, statusSchema } from '../../../../contract/lifecycle.ts';
import { EVERYTHING, type Filter, isFiltered } from '../../rules/session-list.ts';
import { STATE_WORDS, STATUS_WORDS } from '../../rules/words.ts';
import { isAdmin } from '../../state/identity.ts';
import { owners } from '../../state/sessions.ts';
import { filter } from '../../state/table.ts';
import { Button } from '../../ui/button.tsx';
import { Choice, Field } from '../../ui/field.tsx';

const change = (part: Partial<Filter>): void => {
  filter.value = { ...filter.value, ...part };
};

const STATUSES = [
  ['', 'Any status'] as const,
  ...statusSchema.options.map((status) => [status, STATUS_WORDS[status]] as const),
];
const STATES = [
  ['', 'Any state'] as const,
  ...stateSchema.options.map((state) => [state, STATE_WORDS[state]] as const),
];

/** Filters for the table of sessions. `/` goes to the search, as in other tables. */
export const Filters = () => {
  const form = useRef<HTMLFormElement>(null);
  const users = useComputed(() => [
    ['', 'Any user'] as const,
    ...owners.value.map((userId) => [userId, userId] as const),
  ]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.matches('input, select, textarea');
      if (
        event.key !== '/' ||
        typing ||
        event.ctrlKey ||
        event.metaKey ||
        document.querySelector('dialog[open]')
      )
        return;
      event.preventDefault();
      form.current?.querySelector('input')?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <search>
      <form class="filters" ref={form} onSubmit={(event) => event.preventDefault()}>
        <Field
          label="Search"
          type="search"
          placeholder="Name, user or number  ( / )"
          value={filter.value.search}
          onInput={(search) => change({ search })}
        />
        <Choice
          label="Status"
          value={filter.value.status}
          options={STATUSES}
          onChange={(status) => change({ status })}
        />
        <Choice
          label="State"
          value={filter.value.state}
          options={STATES}
          onChange={(state) => change({ state })}
        />
        {isAdmin.value && (
          <Choice
            label="User"
            value={filter.value.userId}
            options={users.value}
            onChange={(userId) => change({ userId })}
          />
        )}
        {isFiltered(filter.value) && (
          <Button
            kind="quiet"
            icon="close"
            onClick={() => {
              filter.value = EVERYTHING;
            }}
          >
            Clear
          </Button>
        )}
      </form>
    </search>
  );
};

// biome-ignore-all lint/a11y/useSemanticElements: rows are put in their places one by one, which a <table> can't have
// biome-ignore-all lint/a11y/useFocusableInteractive: of a static table; what can be used in it has the focus

import { useRef, useState } from 'preact/hooks';
import type { Sort } from '../../rules/session-list.ts';
import { sessionKey } from '../../rules/session-list.ts';
import { rows, sort } from '../../state/table.ts';
import { Icon } from '../../ui/icons.tsx';
import { NARROW, useMedia } from '../../ui/media.ts';
import { useVirtualRows } from '../../ui/virtual-rows.ts';
import { Row } from './row.tsx';

const COLUMNS: readonly { readonly by: Sort['by']; readonly words: string; readonly title?: string }[] = [
  { by: 'standing', words: 'Status' },
  { by: 'name', words: 'Session' },
  { by: 'account', words: 'Account' },
  { by: 'age', words: 'Age', title: 'Since it was started' },
  { by: 'idle', words: 'Idle in', title: 'Time until it ends because it is idle' },
  { by: 'remaining', words: 'Ends in', title: 'Time until its maximum duration' },
];

/** px; the same as in styles/sessions.css */
const ROW_HEIGHT = 44;
const CARD_HEIGHT = 108;

/** Rows in the order of the table. Arrow keys go from row to row, Home and End to the ends, Tab through a row. */
export const Table = () => {
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<number>();
  const narrow = useMedia(NARROW);
  const rowHeight = narrow ? CARD_HEIGHT : ROW_HEIGHT;
  const list = rows.value;
  const { items, totalHeight, scrollTo } = useVirtualRows({
    count: list.length,
    rowHeight,
    scroller,
    keep: focused,
  });

  const goTo = (index: number) => {
    const target = Math.max(0, Math.min(list.length - 1, index));
    setFocused(target);
    scrollTo(target);
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-row="${target}"] a`)?.focus(),
    );
  };
  const onKey = (event: KeyboardEvent) => {
    if (focused === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1);
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: focused + 1,
      ArrowUp: focused - 1,
      PageDown: focused + page,
      PageUp: focused - page,
      Home: 0,
      End: list.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined || document.querySelector('dialog[open]')) return;
    event.preventDefault();
    goTo(target);
  };

  return (
    <div class="table" role="table" aria-label="Sessions" aria-rowcount={list.length + 1}>
      <div role="rowgroup" class="table-head">
        <div role="row" aria-rowindex={1} class="row">
          {COLUMNS.map(({ by, words, title }) => (
            <div
              key={by}
              role="columnheader"
              class={`cell ${by}`}
              aria-sort={sort.value.by !== by ? 'none' : sort.value.descending ? 'descending' : 'ascending'}
            >
              <button
                type="button"
                title={title}
                onClick={() => {
                  sort.value = { by, descending: sort.value.by === by && !sort.value.descending };
                }}
              >
                {words}
                {sort.value.by === by && <Icon name={sort.value.descending ? 'down' : 'up'} />}
              </button>
            </div>
          ))}
          <div role="columnheader" class="cell row-actions">
            <span class="visually-hidden">Actions</span>
          </div>
        </div>
      </div>
      <div
        class="table-body"
        role="rowgroup"
        ref={scroller}
        onKeyDown={onKey}
        onFocusOut={(event) => {
          if (!(event.relatedTarget instanceof Node && scroller.current?.contains(event.relatedTarget)))
            setFocused(undefined);
        }}
        onFocusIn={(event) => {
          const row = event.target instanceof Element ? event.target.closest('[data-row]') : null;
          if (row) setFocused(Number(row.getAttribute('data-row')));
        }}
      >
        <div class="table-length" role="presentation" style={{ height: `${totalHeight}px` }}>
          {items.map(({ index, start }) => {
            const session = list[index];
            return session && <Row key={sessionKey(session)} session={session} index={index} top={start} />;
          })}
        </div>
      </div>
    </div>
  );
};

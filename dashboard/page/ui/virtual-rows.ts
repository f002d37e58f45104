import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from '@tanstack/virtual-core';
import type { RefObject } from 'preact';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';

type Options = {
  readonly count: number;
  /** px, the same for every row */
  readonly rowHeight: number;
  readonly scroller: RefObject<HTMLElement | null>;
  /** Rendered although it is out of sight: it has the focus, and would lose it. */
  readonly keep: number | undefined;
};

type VirtualRows = {
  readonly items: readonly VirtualItem[];
  /** px */
  readonly totalHeight: number;
  readonly scrollTo: (index: number) => void;
};

/** Which of many rows of one height are worth rendering, as the scroller stands. */
export const useVirtualRows = ({ count, rowHeight, scroller, keep }: Options): VirtualRows => {
  const [, render] = useReducer<number, undefined>((n) => n + 1, 0);
  const kept = useRef(keep);
  kept.current = keep;
  const options = {
    count,
    estimateSize: () => rowHeight,
    getScrollElement: () => scroller.current,
    overscan: 8,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => render(undefined),
    rangeExtractor: (range: Parameters<typeof defaultRangeExtractor>[0]) => {
      const indexes = defaultRangeExtractor(range);
      const extra = kept.current;
      if (extra === undefined || extra >= range.count || indexes.includes(extra)) return indexes;
      return [...indexes, extra].sort((a, b) => a - b);
    },
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions({ ...virtualizer.options, ...options });
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  return {
    items: virtualizer.getVirtualItems(),
    totalHeight: virtualizer.getTotalSize(),
    scrollTo: (index) => virtualizer.scrollToIndex(index),
  };
};

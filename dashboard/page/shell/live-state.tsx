import { liveState } from '../state/live.ts';

const WORDS = {
  live: 'Live',
  polling: 'Live, every few seconds',
  offline: 'No connection',
} as const;

/** Whether what is shown is how things are. */
export const LiveState = () => (
  <span class={`live ${liveState.value}`} role="status">
    <span class="dot" aria-hidden="true" />
    <span class="live-words">{WORDS[liveState.value]}</span>
  </span>
);

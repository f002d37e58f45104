import { STANDING_WORDS, type Standing } from '../rules/words.ts';

const MOVING: readonly Standing[] = ['waiting', 'restarting', 'starting', 'stopping'];

/** How a session stands: a shape and a word, never the color alone. */
export const Badge = ({ standing }: { readonly standing: Standing }) => (
  <span class={`badge ${standing}`}>
    <span class={MOVING.includes(standing) ? 'spinner' : 'dot'} aria-hidden="true" />
    {STANDING_WORDS[standing]}
  </span>
);

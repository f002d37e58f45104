import { type ReadonlySignal, signal } from '@preact/signals';
import { type Explained, explain } from '../rules/problem.ts';

type Notice = {
  readonly id: number;
  readonly kind: 'done' | 'failed';
  readonly title: string;
  readonly problem?: Explained;
};

/** How long good news stay, ms. Bad news stay until they are dismissed. */
const STAY_MS = 6000;

const shown = signal<readonly Notice[]>([]);
export const notices: ReadonlySignal<readonly Notice[]> = shown;
let last = 0;

export const dismiss = (id: number): void => {
  shown.value = shown.value.filter((notice) => notice.id !== id);
};

const show = (notice: Omit<Notice, 'id'>): number => {
  last += 1;
  shown.value = [...shown.value, { ...notice, id: last }].slice(-5);
  return last;
};

export const announceDone = (title: string): void => {
  const id = show({ kind: 'done', title });
  setTimeout(() => dismiss(id), STAY_MS);
};

/** Shows why something failed, in the API's own words. */
export const announceFailure = (title: string, error: unknown): void => {
  show({ kind: 'failed', title, problem: explain(error) });
};

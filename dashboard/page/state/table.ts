import { computed, signal } from '@preact/signals';
import { EVERYTHING, type Filter, type Sort, selectSessions } from '../rules/session-list.ts';
import { sessions } from './sessions.ts';

/** The filters and sorting of the table of sessions; kept in memory while other views are open. */
export const filter = signal<Filter>(EVERYTHING);
export const sort = signal<Sort>({ by: 'standing', descending: false });

export const rows = computed(() => selectSessions(sessions.value.values(), filter.value, sort.value));

/** Search, filters and order of the table of sessions. Pure: 10,000 sessions take a few milliseconds. */
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import type { State, Status } from '../../../contract/lifecycle.ts';
import { phoneNumber } from './format.ts';
import { type Standing, standingOf } from './words.ts';

/** Names a session over all users. */
export const sessionKey = ({ userId, name }: Pick<SessionView, 'userId' | 'name'>): string =>
  `${userId}/${name}`;

export type Filter = {
  /** Words that must all occur in name, user, number or push name. */
  readonly search: string;
  readonly status: Status | '';
  readonly state: State | '';
  readonly userId: string;
};
export const EVERYTHING: Filter = { search: '', status: '', state: '', userId: '' };

export const isFiltered = (filter: Filter): boolean => Object.values(filter).some((value) => value !== '');

const SORTS = ['standing', 'name', 'account', 'age', 'idle', 'remaining'] as const;
export type Sort = { readonly by: (typeof SORTS)[number]; readonly descending: boolean };

/** Those that the filter lets through, in order; equal ones by user and name. */
export const selectSessions = (
  sessions: Iterable<SessionView>,
  filter: Filter,
  sort: Sort,
): readonly SessionView[] => {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = [...sessions].filter(
    (session) =>
      (filter.status === '' || session.status === filter.status) &&
      (filter.state === '' || session.state === filter.state) &&
      (filter.userId === '' || session.userId === filter.userId) &&
      (words.length === 0 || contains(session, words)),
  );
  const ranked = kept.map((session) => ({ session, rank: RANKS[sort.by](session) }));
  const sign = sort.descending ? -1 : 1;
  ranked.sort((a, b) => compareRanks(a.rank, b.rank, sign) || byName(a.session, b.session));
  return ranked.map(({ session }) => session);
};

const contains = (session: SessionView, words: readonly string[]): boolean => {
  const number = session.me ? phoneNumber(session.me.id) : '';
  const text = `${session.name}\n${session.userId}\n${number}\n${session.me?.pushName ?? ''}`.toLowerCase();
  return words.every((word) => text.includes(word));
};

/** Sessions that need a person's action come first. */
const STANDING_ORDER: readonly Standing[] = [
  'failed',
  'scan',
  'passkey',
  'restarting',
  'waiting',
  'starting',
  'stopping',
  'working',
  'stopped',
];

type Rank = string | number | undefined;

const RANKS: Readonly<Record<Sort['by'], (session: SessionView) => Rank>> = {
  standing: (session) => STANDING_ORDER.indexOf(standingOf(session)),
  name: (session) => session.name,
  account: (session) => session.me?.id,
  // The youngest first, as with "newest": a later start is a smaller age.
  age: (session) => (session.startedAt === null ? undefined : -Date.parse(session.startedAt)),
  idle: (session) => timeOf(session.idleAt),
  remaining: (session) => timeOf(session.expiresAt),
};

const timeOf = (iso: string | null): number | undefined => (iso === null ? undefined : Date.parse(iso));

/** Entries without a value come last in either sort direction. */
const compareRanks = (a: Rank, b: Rank, sign: number): number => {
  if (a === b) return 0;
  if (a === undefined) return 1;
  if (b === undefined) return -1;
  return (a < b ? -1 : 1) * sign;
};

const byName = (a: SessionView, b: SessionView): number =>
  a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

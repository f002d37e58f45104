/** Every session that the key may see, kept by polling the list and by reading again what an event speaks of. */
import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { ApiError } from '../../../client/index.ts';
import type { SessionView } from '../../../contract/bodies/sessions.ts';
import { sessionKey } from '../rules/session-list.ts';
import { isAdmin } from './identity.ts';
import { polled } from './polled.ts';
import { berth } from './server.ts';

export type SessionId = Pick<SessionView, 'userId' | 'name'>;

const all = signal<ReadonlyMap<string, SessionView>>(new Map());
const loaded = signal(false);

export const sessions: ReadonlySignal<ReadonlyMap<string, SessionView>> = all;
/** Whether the list was read to its end at least once. */
export const sessionsLoaded: ReadonlySignal<boolean> = loaded;

export const sessionOf = (id: SessionId): SessionView | undefined => all.value.get(sessionKey(id));

/** All users who have a session, sorted. */
export const owners = computed(() => [...new Set([...all.value.values()].map((s) => s.userId))].sort());

/** Sessions read one by one while the list is being read: newer than what the list says of them. */
const touched = new Set<string>();

export const putSession = (session: SessionView): void => {
  const key = sessionKey(session);
  touched.add(key);
  all.value = new Map(all.value).set(key, session);
};

export const dropSession = (id: SessionId): void => {
  const key = sessionKey(id);
  touched.add(key);
  const rest = new Map(all.value);
  rest.delete(key);
  all.value = rest;
};

/** A list has no time line of the start: what was read of the session itself stays, while it runs in the same epoch. */
const withStart = (listed: SessionView): SessionView => {
  const known = all.value.get(sessionKey(listed));
  return known?.epoch === listed.epoch ? { ...listed, start: listed.start ?? known.start } : listed;
};

const PAGE_SIZE = 1000;
const EVERY_MS = 15_000;

const readAll = async (): Promise<void> => {
  touched.clear();
  const found = new Map<string, SessionView>();
  const list = berth.sessions.list({
    all: true,
    pageSize: PAGE_SIZE,
    ...(isAdmin.value ? { userId: '*' } : {}),
  });
  for await (const session of list) {
    found.set(sessionKey(session), withStart(session));
    // A first reading shows what it has; a later one replaces the whole at its end, so that no row flickers.
    if (!loaded.value && found.size % PAGE_SIZE === 0) all.value = new Map(found);
  }
  for (const key of touched) {
    const newer = all.value.get(key);
    if (newer) found.set(key, newer);
    else found.delete(key);
  }
  all.value = found;
  loaded.value = true;
};

export const sessionList = polled(readAll, EVERY_MS);

const reading = new Map<string, { again: boolean }>();

/** Reads one session again; at most one such read for each session at a time, and one more after it. */
export const rereadSession = async (id: SessionId): Promise<void> => {
  const key = sessionKey(id);
  const running = reading.get(key);
  if (running) {
    running.again = true;
    return;
  }
  const turn = { again: false };
  reading.set(key, turn);
  try {
    do {
      turn.again = false;
      await readOne(id);
    } while (turn.again);
  } finally {
    reading.delete(key);
  }
};

const readOne = async (id: SessionId): Promise<void> => {
  try {
    putSession(await berth.sessions.get(id.name, { userId: id.userId }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) dropSession(id);
    // Anything else is left to the next reading of the list, which shows that it fails.
  }
};

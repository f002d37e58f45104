/**
 * Live events over a WebSocket: events as they happen. Polling continues beside it: slowly, and faster if no
 * connection can be opened.
 */
import { computed, effect, signal } from '@preact/signals';
import type { LiveEvent } from '../../../client/index.ts';
import type { CallerView } from '../../../contract/bodies/dashboard.ts';
import { ALL_USERS, EVENTS_MISSED } from '../../../contract/bodies/live.ts';
import { WEBHOOK_EVENTS } from '../../../contract/bodies/session-config.ts';
import { sessionKey } from '../rules/session-list.ts';
import { refreshFigures } from './capacity.ts';
import { identity } from './identity.ts';
import { berth, reachable } from './server.ts';
import { rereadSession, type SessionId, sessionList } from './sessions.ts';

/** After no connection could be opened (a key without that scope, or an outage). ms */
const REOPEN_MS = 20_000;

const SESSION_EVENTS = WEBHOOK_EVENTS.filter((name) => name.startsWith('session.'));

const open = signal(false);

/** `polling`: nothing is pushed, and the page asks every few seconds. */
export const liveState = computed(() => (!reachable.value ? 'offline' : open.value ? 'live' : 'polling'));

const listeners = new Map<string, Set<() => void>>();

/** Calls back after each event of one session, until the function returned is called. */
export const onSessionEvent = (id: SessionId, listener: () => void): (() => void) => {
  const key = sessionKey(id);
  const all = listeners.get(key) ?? new Set();
  listeners.set(key, all.add(listener));
  return () => {
    all.delete(listener);
  };
};

const notify = (userId: string, session: string): void => {
  const id = { userId, name: session };
  for (const listener of listeners.get(sessionKey(id)) ?? []) listener();
  void rereadSession(id);
  refreshFigures();
};

/** Follows until the signal ends it; rejects if no connection can be opened. */
const follow = async (userId: string, allUsers: boolean, signal: AbortSignal): Promise<void> => {
  const events: AsyncIterable<LiveEvent> = berth.events.live({
    events: SESSION_EVENTS,
    ...(allUsers ? { userId: ALL_USERS } : {}),
    signal,
    onOpen: (isOpen) => {
      if (!signal.aborted) open.value = isOpen;
    },
  });
  for await (const event of events) {
    if (event.event === EVENTS_MISSED) void sessionList.refresh();
    else notify(event.userId ?? userId, event.session);
  }
};

const subscribe = ({ userId, role, sessions }: CallerView): (() => void) => {
  const ending = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    follow(userId, role === 'admin' && sessions === null, ending.signal).catch(() => {
      open.value = false;
      if (!ending.signal.aborted) timer = setTimeout(begin, REOPEN_MS);
    });
  };
  begin();
  return () => {
    clearTimeout(timer);
    ending.abort();
    open.value = false;
  };
};

/** Whether the page is visible: a tab in the background does not call the API. */
const visible = signal(!document.hidden);

/**
 * Listens for as long as a user is signed in and the page is visible. Called once. Changes while it was hidden are
 * read by the polls, which begin at once when it is shown again.
 */
export const startLive = (): void => {
  document.addEventListener('visibilitychange', () => {
    visible.value = !document.hidden;
  });
  const caller = computed(() =>
    visible.value && identity.value.kind === 'signedIn' ? identity.value.me : undefined,
  );
  effect(() => (caller.value ? subscribe(caller.value) : undefined));
};

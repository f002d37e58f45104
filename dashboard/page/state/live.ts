/** The event stream: what happened, as it happens. Polling goes on beside it, slower, and catches what it misses. */
import { computed, effect, signal } from '@preact/signals';
import { type StreamEvent, streamEventSchema } from '../../../contract/bodies/events.ts';
import { sessionKey } from '../rules/session-list.ts';
import { refreshFigures } from './capacity.ts';
import { identity } from './identity.ts';
import { API_BASE, reachable } from './server.ts';
import { rereadSession, type SessionId, sessionList } from './sessions.ts';

/** After the API refused the stream itself (a key without that scope, or an outage). ms */
const REOPEN_MS = 20_000;

const open = signal(false);

/** `polling`: nothing is pushed, and the page asks every few seconds. */
export const liveState = computed(() => (!reachable.value ? 'offline' : open.value ? 'live' : 'polling'));

const listeners = new Map<string, Set<() => void>>();

/** Calls back after each event of one session, until the function returned is called. */
export const onSessionEvent = (id: SessionId, heard: () => void): (() => void) => {
  const key = sessionKey(id);
  const all = listeners.get(key) ?? new Set();
  listeners.set(key, all.add(heard));
  return () => {
    all.delete(heard);
  };
};

const hear = ({ userId, session, event }: StreamEvent): void => {
  const id = { userId, name: session };
  for (const heard of listeners.get(sessionKey(id)) ?? []) heard();
  if (!event.startsWith('session.')) return;
  void rereadSession(id);
  refreshFigures();
};

const subscribe = (): (() => void) => {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    // The API holds the first answer back until something happens: there is no `open` to wait for.
    source = new EventSource(`${API_BASE}api/events`);
    open.value = true;
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const parsed = streamEventSchema.safeParse(parseJson(data));
      if (parsed.success) hear(parsed.data);
    };
    source.addEventListener('missed', () => void sessionList.refresh());
    source.onerror = () => {
      // An answer that ends is opened again by the browser; one that was refused is not.
      if (source?.readyState !== EventSource.CLOSED) return;
      open.value = false;
      timer = setTimeout(begin, REOPEN_MS);
    };
  };
  begin();
  return () => {
    clearTimeout(timer);
    source?.close();
    open.value = false;
  };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether the page is visible: a tab in the background does not call the API. */
const visible = signal(!document.hidden);

/**
 * Listens for as long as a user is signed in and the page is visible. Called once. What happened while it was hidden is
 * read by the polls, which begin at once when it is shown again.
 */
export const startLive = (): void => {
  document.addEventListener('visibilitychange', () => {
    visible.value = !document.hidden;
  });
  const listening = computed(() => visible.value && identity.value.kind === 'signedIn');
  effect(() => (listening.value ? subscribe() : undefined));
};

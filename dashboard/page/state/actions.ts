/** Actions on sessions: which one was requested, its progress, and why it failed. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { pollUntil, sleep } from '../../../contract/poll.ts';
import { type Explained, explain } from '../rules/problem.ts';
import { sessionKey } from '../rules/session-list.ts';
import type { Verb } from '../rules/verbs.ts';
import { announceDone, announceFailure } from './notices.ts';
import { berth } from './server.ts';
import { dropSession, putSession, rereadSession, type SessionId, sessionOf } from './sessions.ts';

export const VERB_WORDS: Readonly<
  Record<Verb, { readonly ask: string; readonly doing: string; readonly done: string }>
> = {
  start: { ask: 'Start', doing: 'Starting', done: 'started' },
  stop: { ask: 'Stop', doing: 'Stopping', done: 'stopped' },
  restart: { ask: 'Restart', doing: 'Restarting', done: 'restarted' },
  logout: { ask: 'Log out', doing: 'Logging out', done: 'logged out' },
  delete: { ask: 'Delete', doing: 'Deleting', done: 'deleted' },
};

type Action = {
  readonly verb: Verb;
  /** Undefined while it runs. */
  readonly failed?: Explained;
};

const byKey = signal<ReadonlyMap<string, Action>>(new Map());
/** By session key: what runs or failed last. */
export const actions: ReadonlySignal<ReadonlyMap<string, Action>> = byKey;

const setAction = (key: string, action: Action | undefined): void => {
  const next = new Map(byKey.value);
  if (action) next.set(key, action);
  else next.delete(key);
  byKey.value = next;
};

export const clearAction = (id: SessionId): void => setAction(sessionKey(id), undefined);

/** Carries it out and follows the session until it has settled. Never rejects: a failure is shown. */
export const act = async (verb: Verb, id: SessionId): Promise<boolean> => {
  const key = sessionKey(id);
  setAction(key, { verb });
  try {
    await perform(verb, id);
    setAction(key, undefined);
    if (verb === 'delete') announceDone(`${id.name} is ${VERB_WORDS[verb].done}`);
    return true;
  } catch (error) {
    setAction(key, { verb, failed: explain(error) });
    announceFailure(`${VERB_WORDS[verb].ask} of ${id.name} failed`, error);
    await rereadSession(id);
    return false;
  }
};

const perform = async (verb: Verb, id: SessionId): Promise<void> => {
  const { name, userId } = id;
  switch (verb) {
    case 'delete':
      await berth.sessions.delete(name, { userId });
      dropSession(id);
      return;
    case 'logout':
      await berth.sessions.logout(name, { userId });
      await rereadSession(id);
      break;
    default:
      putSession(await berth.sessions[verb](name, { userId }));
  }
  void settle(id);
};

const MOVING: readonly string[] = ['PENDING', 'STARTING', 'STOPPING'];
const POLL_MS = 1500;
/** Longer than a start and a stop together may take. */
const FOLLOW_MS = 10 * 60_000;

/**
 * Polls a session that is between two states until it has reached one, so that its row changes even if the event
 * stream is down. Short requests: held-back ones would use up the few connections that a browser has for an HTTP/1.1
 * server.
 */
const settle = async (id: SessionId): Promise<void> => {
  await sleep(POLL_MS);
  await pollUntil(
    { clock: Date.now, sleep },
    async () => {
      await rereadSession(id);
      return sessionOf(id);
    },
    (session) => !session || !MOVING.includes(session.state),
    { end: Date.now() + FOLLOW_MS, pollMs: POLL_MS },
  );
};

/** The API of the page's own origin, called with the sign-in cookie. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { createClient } from '../../../client/index.ts';
import { observeServerTime } from './clock.ts';

/** The page is at `…/dashboard`, with any path before it. */
export const API_BASE = new URL(document.baseURI.replace(/\/dashboard([/?#].*)?$/, '/')).href;

const refused = signal(0);
/** Grows whenever the API says that no user is signed in. */
export const signInsRefused: ReadonlySignal<number> = refused;

const answered = signal(true);
/** Whether the latest request was answered at all. */
export const reachable: ReadonlySignal<boolean> = answered;

const HEADER = 'x-berth-dashboard';
/** Kept in the storage of this origin, its port included; worthless without the cookie, which no script can read. */
const PROOF = 'berth-sign-in-proof';

/** Without TLS, a sign-in counts only with the proof that it was answered with (core/access/sign-in-cookie.ts). */
const withProof = (init: RequestInit = {}): RequestInit => {
  const proof = localStorage.getItem(PROOF);
  const headers = new Headers(init.headers);
  if (proof !== null) headers.set(HEADER, proof);
  return { ...init, headers };
};

const watchedFetch: typeof fetch = async (input, init) => {
  try {
    const response = await fetch(input, withProof(init));
    const proof = response.headers.get(HEADER);
    if (proof !== null) localStorage.setItem(PROOF, proof);
    answered.value = true;
    observeServerTime(response.headers.get('date'));
    if (response.status === 401) refused.value += 1;
    return response;
  } catch (error) {
    if (error instanceof TypeError) answered.value = false;
    throw error;
  }
};

export const berth = createClient({ baseUrl: API_BASE, cookie: true, fetch: watchedFetch, retries: 2 });

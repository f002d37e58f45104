/** The API of the page's own origin, called with the sign-in cookie. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { createClient } from '../../../client/index.ts';
import { observeServerTime } from './clock.ts';

/** The page is at `…/dashboard`, whatever comes before. */
export const API_BASE = new URL(document.baseURI.replace(/\/dashboard([/?#].*)?$/, '/')).href;

const refused = signal(0);
/** Grows whenever the API says that no user is signed in. */
export const signInsRefused: ReadonlySignal<number> = refused;

const answered = signal(true);
/** Whether the latest request was answered at all. */
export const reachable: ReadonlySignal<boolean> = answered;

const watchedFetch: typeof fetch = async (...request) => {
  try {
    const response = await fetch(...request);
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

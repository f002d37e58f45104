import { effect, signal } from '@preact/signals';
import { API_BASE } from './server.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const COOKIE = 'berth-theme';
/** The page's own, so that the API never sees it. */
const PATH = `${new URL(API_BASE).pathname}dashboard`;

const remembered = (): Theme => {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${COOKIE}=`));
  return THEMES.find((theme) => found === `${COOKIE}=${theme}`) ?? 'auto';
};

/** `auto` follows the system. */
export const theme = signal<Theme>(remembered());

/** Applies the choice and remembers it for a year. Called once. */
export const startTheme = (): void => {
  effect(() => {
    document.documentElement.dataset.theme = theme.value;
    const age = theme.value === 'auto' ? 0 : 365 * 24 * 3600;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not in every browser
    document.cookie = `${COOKIE}=${theme.value}; Path=${PATH}; Max-Age=${age}; SameSite=Strict`;
  });
};

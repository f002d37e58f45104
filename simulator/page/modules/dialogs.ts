import type { PageEvent } from '../../protocol.ts';
import type { App } from '../app.ts';
import { BUILD } from '../build.ts';

/** In Local Storage: the "what's new" dialog was closed once for this link. */
const SEEN = 'sim-whats-new-seen';

type Shape = {
  readonly heading: string;
  readonly text: string;
  readonly buttons: readonly string[];
  /** It has a cross in its corner as well. */
  readonly cross: boolean;
};
// In a language that no client is likely to look for: who closes the dialog by its words does not close this one.
const WHATS_NEW: Shape = {
  heading: 'Hvad er nyt i WhatsApp Web?',
  text: 'Nu kan du ringe.',
  buttons: ['Fortsæt'],
  cross: false,
};
const UNKNOWN: Shape = {
  heading: 'Et valg',
  text: 'Vil du det ene eller det andet?',
  buttons: ['Det ene', 'Det andet'],
  cross: false,
};

/** The dialogs that WhatsApp Web puts over its page. */
export class Dialogs {
  readonly #app: App;
  #whatsNewMs = 120_000;
  #unknownDialog = false;

  constructor(app: App) {
    this.#app = app;
  }

  configure({ whatsNewMs, unknownDialog }: Extract<PageEvent, { type: 'hello' }>): void {
    this.#whatsNewMs = whatsNewMs;
    this.#unknownDialog = unknownDialog;
  }

  /** Shows what the linked page has to show. */
  show(): void {
    if (document.querySelector('[data-sim-dialog]')) return;
    if (this.#unknownDialog) this.#open(UNKNOWN, () => {});
    if (!BUILD.whatsNew || localStorage.getItem(SEEN) !== null) return;
    const ignored = setTimeout(() => this.#notify('ignored'), this.#whatsNewMs);
    this.#open(WHATS_NEW, () => {
      clearTimeout(ignored);
      localStorage.setItem(SEEN, 'true');
    });
  }

  #open({ heading, text, buttons, cross }: Shape, onClose: () => void): void {
    const popup = document.createElement('div');
    popup.dataset.animateModalPopup = 'true';
    popup.dataset.simDialog = '';
    popup.innerHTML = '<div role="dialog" aria-modal="true"><h1></h1><p></p></div>';
    const dialog = popup.querySelector('div');
    const [title, paragraph] = popup.querySelectorAll('h1, p');
    if (!dialog || !title || !paragraph) return;
    title.textContent = heading;
    paragraph.textContent = text;
    for (const label of [...buttons, ...(cross ? [''] : [])]) {
      const button = document.createElement('button');
      button.textContent = label;
      button.addEventListener('click', () => {
        popup.remove();
        onClose();
        this.#notify('closed');
      });
      dialog.append(button);
    }
    document.body.append(popup);
    this.#notify('opened');
  }

  #notify(happened: 'opened' | 'closed' | 'ignored'): void {
    this.#app.deliver({ op: 'dialog', happened }).catch(() => {});
  }
}

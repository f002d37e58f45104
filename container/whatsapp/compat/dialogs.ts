/**
 * Dialogs that WhatsApp Web puts over its page. An announcement ("what's new") that is left open costs the link, so
 * it is closed. Which dialog is an announcement is recognized by its shape alone, never by its words, which follow
 * the page's language: it asks for nothing and offers a single way on. Every other dialog is left as it is and
 * counted.
 */
import * as z from 'zod';
import type { LibraryPage } from '../library.ts';

const resultSchema = z.object({ closed: z.int(), unknown: z.int() });
/** `closed`: announcements closed just now. `unknown`: open dialogs that this code does not recognize. */
export type DialogCount = z.infer<typeof resultSchema>;

/**
 * Runs in the page. A dialog inside another one is part of it. A button without a text (an icon such as a cross) closes
 * a dialog; it is taken before the one with a text.
 */
const CLOSE_ANNOUNCEMENTS = `(() => {
  const DIALOG = '[role=dialog], [role=alertdialog], [data-animate-modal-popup]';
  const isShown = (element) => element.getClientRects().length > 0;
  const dialogs = [...document.querySelectorAll(DIALOG)].filter(
    (dialog) => isShown(dialog) && !dialog.parentElement?.closest(DIALOG),
  );
  let closed = 0;
  let unknown = 0;
  for (const dialog of dialogs) {
    const asks = dialog.querySelector('input, textarea, select, canvas, [contenteditable=true], [role=textbox]');
    const buttons = [...dialog.querySelectorAll('button, [role=button]')].filter(isShown);
    const named = buttons.filter((button) => button.textContent.trim() !== '');
    const icons = buttons.filter((button) => button.textContent.trim() === '');
    const [way, ...others] = named;
    const announces = !asks && others.length === 0 && icons.length <= 1 && (way || icons[0]);
    if (announces) {
      (icons[0] ?? way).click();
      closed += 1;
    } else unknown += 1;
  }
  return { closed, unknown };
})()`;

/** Closes announcements, and counts what it closed and what it left. Only for a page whose account is linked. */
export const closeAnnouncements = async (page: LibraryPage): Promise<DialogCount> =>
  resultSchema.parse(await page.evaluate(CLOSE_ANNOUNCEMENTS));

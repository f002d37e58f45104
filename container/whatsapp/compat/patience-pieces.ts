/**
 * Code that is put into WhatsApp Web's page so that the library does not wait for data that it does not need. As in
 * page-pieces.ts: each function runs in the page by itself, may run several times, and allows for missing parts.
 */

/** The part of the page's global object that is used here. */
declare const window: {
  require(name: string): unknown;
  berthCompat?: Record<string, boolean>;
};

/**
 * Symptom: a message with a link is not sent, or late, because WhatsApp gives no preview. The library waits for the
 * preview without a limit, and its failure is the message's. After 3 s, or on an error, the message goes without one.
 */
export const bestEffortLinkPreviews = (): void => {
  type Preview = (link: unknown, ...more: unknown[]) => Promise<unknown>;
  const LIMIT_MS = 3_000;
  if (window.berthCompat?.previews) return;
  const action = window.require('WAWebLinkPreviewChatAction') as { getLinkPreview: Preview };
  const get = action.getLinkPreview;
  action.getLinkPreview = (link, ...more) =>
    Promise.race([
      Promise.resolve()
        .then(() => get.call(action, link, ...more))
        .catch(() => undefined),
      new Promise((resolve) => setTimeout(() => resolve(undefined), LIMIT_MS)),
    ]);
  window.berthCompat = { ...window.berthCompat, previews: true };
};

/**
 * Symptom: a list of chats takes minutes with a thousand groups. For each group the library asks WhatsApp for its
 * metadata, all at once, though the page has it. If the page has it, few are asked at a time, each is waited for 2 s
 * at most, and the others are shown as the page has them.
 */
export const boundGroupMetadata = (): void => {
  type Update = (wid: unknown, ...more: unknown[]) => Promise<unknown>;
  type Groups = { update?: Update; get?: (wid: unknown) => { participants?: unknown } | undefined };
  const AT_ONCE = 3;
  const LIMIT_MS = 2_000;
  if (window.berthCompat?.metadata) return;
  const collections = window.require('WAWebCollections') as Record<string, Groups | undefined>;
  const groups = collections.GroupMetadata ?? collections.WAWebGroupMetadataCollection;
  const update = groups?.update;
  if (!groups || !update) return;
  let asking = 0;
  groups.update = async (wid, ...more) => {
    const isKnown = Boolean(groups.get?.(wid)?.participants);
    if (isKnown && asking >= AT_ONCE) return undefined;
    asking += 1;
    const asked = Promise.resolve(update.call(groups, wid, ...more)).finally(() => {
      asking -= 1;
    });
    if (!isKnown) return await asked;
    const late = new Promise((resolve) => setTimeout(resolve, LIMIT_MS));
    return await Promise.race([asked.catch(() => undefined), late]);
  };
  window.berthCompat = { ...window.berthCompat, metadata: true };
};

/**
 * Code that is put into WhatsApp Web's page so that the library's calls there have an outcome. As in page-pieces.ts:
 * each function runs in the page by itself, may run several times, and allows for missing parts.
 */

/** The part of the page's global object that is used here. */
declare const window: {
  require(name: string): unknown;
  WWebJS?: Record<string, unknown>;
  berthCompat?: Record<string, boolean>;
};

/**
 * Symptom: deleting and starring answer before anything has happened, and say nothing of a refusal. The page's commands
 * are events for its windows; what is under way is kept at the chat. Each command returns that, so that the library,
 * which returns what the command returns, waits for it.
 */
export const awaitMessageCommands = (): void => {
  type Chat = { promises?: Record<string, Promise<unknown> | null | undefined> };
  type Command = (chat: Chat, ...more: unknown[]) => unknown;
  if (window.berthCompat?.commands) return;
  const { Cmd } = window.require('WAWebCmd') as { Cmd: Record<string, Command | undefined> };
  /** Each command, and the name of what it begins. */
  const commands = [
    ['sendRevokeMsgs', 'sendRevokeMsgs'],
    ['sendDeleteMsgs', 'sendDeleteMsgs'],
    ['sendStarMsgs', 'sendStarMsgs'],
    ['sendUnstarMsgs', 'sendStarMsgs'],
  ] as const;
  for (const [name, begun] of commands) {
    const command = Cmd[name];
    if (typeof command !== 'function') continue;
    Cmd[name] = async (chat, ...more) => {
      await command.call(Cmd, chat, ...more);
      await chat?.promises?.[begun];
    };
  }
  window.berthCompat = { ...window.berthCompat, commands: true };
};

/**
 * Symptom: an edit with a link in its text fails if WhatsApp gives no preview for it, and has no preview if it does:
 * the library reads the preview of an older form. The edit goes without one, or with its data.
 */
export const editWithPreviewOrWithout = (): void => {
  type Options = { linkPreview?: unknown; extraOptions?: object };
  type Edit = (msg: unknown, text: string, options?: Options) => Promise<unknown>;
  type Preview = (link: unknown) => Promise<{ data?: object } | undefined>;
  const library = window.WWebJS;
  const edit = library?.editMessage as Edit | undefined;
  if (window.berthCompat?.edits || !library || typeof edit !== 'function') return;
  const previewOf = async (text: string): Promise<object> => {
    const { findLink } = window.require('WALinkify') as { findLink: (text: string) => unknown };
    const link = findLink(text);
    if (!link) return {};
    const { getLinkPreview } = window.require('WAWebLinkPreviewChatAction') as { getLinkPreview: Preview };
    const data = (await getLinkPreview(link).catch(() => undefined))?.data;
    return data ? { ...data, preview: true, subtype: 'url' } : {};
  };
  library.editMessage = async (msg: unknown, text: string, options: Options = {}) => {
    const { linkPreview, extraOptions, ...rest } = options;
    const preview = linkPreview ? await previewOf(text) : {};
    return await edit(msg, text, { ...rest, extraOptions: { ...extraOptions, ...preview } });
  };
  window.berthCompat = { ...window.berthCompat, edits: true };
};

/**
 * Events that the page has and the library does not report: labels, labels of chats, presence. As in page-pieces.ts, the
 * function runs in the page by itself, may run several times, and allows for what is missing. The names of collections
 * and events are those that wa-js and WAHA use; nothing here subscribes to a presence by itself.
 */

/** Name in the page of the function that gets its reports. */
export const PAGE_EVENT = 'onBerthPageEvent';

/** The part of the page's global object that is used here. */
declare const window: {
  require(name: string): unknown;
  onBerthPageEvent?: (name: string, value: unknown) => Promise<unknown>;
  berthCompat?: Record<string, boolean>;
};

/** Reports `page_label`, `page_label_deleted`, `page_chat_label` and `page_presence`, each with one value. */
export const watchPage = (): void => {
  type Model = Readonly<Record<string, unknown>>;
  type Models = {
    on?: (name: string, listener: (...values: unknown[]) => void) => unknown;
    getModelsArray?: () => Model[];
  };
  if (window.berthCompat?.events) return;
  const load = (name: string): Record<string, Models | undefined> => {
    try {
      return window.require(name) as Record<string, Models | undefined>;
    } catch {
      return {};
    }
  };
  const report = (name: string, value: unknown): void => {
    window.onBerthPageEvent?.(name, value).catch(() => {});
  };
  const all = (models: unknown): Model[] => (models as Models | undefined)?.getModelsArray?.() ?? [];
  const { Label: labels, Chat: chats, Presence } = load('WAWebCollections');

  const shown = ({ id, name, color, hexColor }: Model) => ({ id: String(id), name, color, hexColor });
  const reported = new Map(all(labels).map((label) => [String(label.id), JSON.stringify(shown(label))]));
  const reportLabel = (model: unknown): void => {
    const label = shown(model as Model);
    // Other attributes, such as how many chats have it, change as well.
    if (reported.get(label.id) === JSON.stringify(label)) return;
    reported.set(label.id, JSON.stringify(label));
    report('page_label', label);
  };
  labels?.on?.('add', reportLabel);
  labels?.on?.('change', reportLabel);
  labels?.on?.('remove', (model) => {
    const label = shown(model as Model);
    reported.delete(label.id);
    report('page_label_deleted', label);
  });

  const labelsOf = (chat: Model): string[] => (Array.isArray(chat.labels) ? chat.labels.map(String) : []);
  const had = new Map(all(chats).map((chat) => [String(chat.id), labelsOf(chat)]));
  chats?.on?.('change:labels', (model) => {
    const chat = model as Model;
    const before = had.get(String(chat.id)) ?? [];
    const now = labelsOf(chat);
    had.set(String(chat.id), now);
    const changes = [
      ...now.filter((id) => !before.includes(id)).map((id) => ({ id, added: true })),
      ...before.filter((id) => !now.includes(id)).map((id) => ({ id, added: false })),
    ];
    for (const { id, added } of changes) {
      const label = all(labels).find((one) => String(one.id) === id);
      report('page_chat_label', { chatId: chat.id, labelId: id, added, label: label ? shown(label) : null });
    }
  });

  const presences = load('WAWebPresenceCollection').PresenceCollection ?? Presence;
  const statesOf = (presence: Model): Model[] => {
    const many = all(presence.chatstates);
    return many.length > 0 ? many : presence.chatstate ? [presence.chatstate as Model] : [];
  };
  const reportPresence = (presence: Model | undefined): void => {
    if (!presence) return;
    const states = statesOf(presence).map(({ id, type, t }) => ({ id, type, t }));
    report('page_presence', { id: presence.id, isOnline: presence.isOnline, states });
  };
  presences?.on?.('change:chatstate.type', (state) => {
    reportPresence(all(presences).find((one) => statesOf(one).includes(state as Model)));
  });
  window.berthCompat = { ...window.berthCompat, events: true };
};

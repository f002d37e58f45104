import type { WireLabel } from '../protocol.ts';
import { Collection, modelOf } from './model.ts';
import type { ChatModel } from './models.ts';

type LabelAttributes = { id: string; name: string; color: number };
type Item = { parentType: 'Chat'; parentId: string };

/** The parts of the page that labels need. */
export type LabelsPage = {
  readonly chats: Collection<ChatModel>;
  readonly conn: { set(changes: { platform: string }): void };
  readonly setLabels: (chatId: string, labels: string[]) => Promise<unknown>;
};

/** A label, and the chats that have it. */
export class LabelModel extends modelOf<LabelAttributes>() {
  readonly #page: LabelsPage;
  constructor(page: LabelsPage, { id, name, color }: WireLabel) {
    super({ id, name, color });
    this.#page = page;
  }

  get hexColor(): string {
    return `#${this.color.toString(16).padStart(6, '0')}`;
  }

  get labelItemCollection(): { getModelsArray: () => Item[] } {
    const chats = this.#page.chats.getModelsArray().filter(({ labels }) => labels?.includes(this.id));
    return { getModelsArray: () => chats.map(({ id }) => ({ parentType: 'Chat', parentId: String(id) })) };
  }
}

type Action = { id: string; type: 'add' | 'remove' };

/** Features that only business accounts have. */
export class Business {
  readonly #page: LabelsPage;
  readonly labels = new Collection<LabelModel>();

  constructor(page: LabelsPage) {
    this.#page = page;
  }

  take(labels: readonly WireLabel[] | undefined): void {
    this.#page.conn.set({ platform: labels ? 'smba' : 'android' });
    for (const { id } of this.labels.getModelsArray())
      if (!labels?.some((label) => label.id === id)) this.labels.remove(id);
    for (const label of labels ?? []) {
      const known = this.labels.get(label.id);
      if (known) known.set({ name: label.name, color: label.color });
      else this.labels.add(new LabelModel(this.#page, label));
    }
  }

  async addOrRemoveLabels(actions: readonly Action[], chats: readonly ChatModel[]): Promise<void> {
    for (const chat of chats) {
      const removed = actions.filter(({ type }) => type === 'remove').map(({ id }) => id);
      const added = actions.filter(({ type }) => type === 'add').map(({ id }) => id);
      const kept = (chat.labels ?? []).filter((id) => !removed.includes(id) && !added.includes(id));
      const labels = [...kept, ...added];
      await this.#page.setLabels(String(chat.id), labels);
      chat.set({ labels });
    }
  }
}

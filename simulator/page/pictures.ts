import type { Collection } from './model.ts';
import type { ChatModel } from './models.ts';
import { createWid } from './wid.ts';

/** The parts of the page that pictures need. */
type PicturesPage = { readonly chats: Collection<ChatModel>; readonly isMe: (id: unknown) => boolean };
type Thumb = { id: unknown; canSet: () => boolean; canDelete: () => boolean };

/** The pictures of people and groups, as far as the page knows them: it loads one when the library needs it. */
export class Pictures {
  readonly #page: PicturesPage;
  readonly #known = new Map<string, Thumb>();

  constructor(page: PicturesPage) {
    this.#page = page;
  }

  get(id: unknown): Thumb | undefined {
    return this.#known.get(String(id));
  }

  async find(id: unknown): Promise<Thumb> {
    const wid = createWid(id);
    const mayChange = (): boolean => {
      const chat = this.#page.chats.get(wid);
      return chat?.groupMetadata ? !chat.groupMetadata.restrict || chat.iAmAdmin() : this.#page.isMe(wid);
    };
    const thumb = this.get(id) ?? { id: wid, canSet: mayChange, canDelete: mayChange };
    this.#known.set(String(wid), thumb);
    return thumb;
  }
}

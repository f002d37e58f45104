/** Events that the page has and the library does not report, on a page as small as they need. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchPage } from '../../../container/whatsapp/compat/page-events.ts';
import { Collection, modelOf } from '../../../simulator/page/model.ts';

class Label extends modelOf<{ id: string; name: string; color: number; hexColor: string; count: number }>() {}
class Chat extends modelOf<{ id: string; labels?: string[] }>() {}

let reported: [string, unknown][] = [];
beforeEach(() => {
  reported = [];
});
afterEach(() => vi.unstubAllGlobals());

const openPage = (modules: Record<string, unknown>) =>
  vi.stubGlobal('window', {
    require: (name: string): unknown => {
      if (!Object.hasOwn(modules, name)) throw new Error(`Requiring unknown module "${name}"`);
      return modules[name];
    },
    onBerthPageEvent: async (name: string, value: unknown) => void reported.push([name, value]),
  });
const label = (id: string) => new Label({ id, name: 'New', color: 3, hexColor: '#000003', count: 0 });

test('a label that is there already is not reported; one that is made, renamed or deleted is, once', () => {
  const labels = new Collection<Label>();
  const old = labels.add(label('1'));
  openPage({ WAWebCollections: { Label: labels } });
  watchPage();
  watchPage();
  old.set({ count: 4 });
  expect(reported).toEqual([]);
  labels.add(label('2'));
  old.set({ name: 'Old', color: 4 });
  labels.remove('1');
  expect(reported).toMatchObject([
    ['page_label', { id: '2', name: 'New' }],
    ['page_label', { id: '1', name: 'Old', color: 4 }],
    ['page_label_deleted', { id: '1', name: 'Old' }],
  ]);
});

test('reports only what changed in a chat, with the label if it still exists', () => {
  const [labels, chats] = [new Collection<Label>(), new Collection<Chat>()];
  labels.add(label('1'));
  const chat = chats.add(new Chat({ id: '4917@c.us', labels: ['1', '9'] }));
  openPage({ WAWebCollections: { Label: labels, Chat: chats } });
  watchPage();
  // After each reconnect the page sets what it has.
  chat.set({ labels: ['1', '9'] });
  expect(reported).toEqual([]);
  chat.set({ labels: ['1', '2'] });
  expect(reported).toEqual([
    ['page_chat_label', { chatId: '4917@c.us', labelId: '2', added: true, label: null }],
    ['page_chat_label', { chatId: '4917@c.us', labelId: '9', added: false, label: null }],
  ]);
  chat.set({ labels: ['2'] });
  expect(reported.at(-1)).toMatchObject([
    'page_chat_label',
    { labelId: '1', added: false, label: { id: '1' } },
  ]);
});

test('a page without these modules is not changed', () => {
  openPage({});
  watchPage();
  expect(reported).toEqual([]);
});

/** Page pieces that give what the library hands over an outcome, each on a page that shows its symptom. */
import { afterEach, expect, it, vi } from 'vitest';
import {
  awaitMessageCommands,
  editWithPreviewOrWithout,
} from '../../../container/whatsapp/compat/command-pieces.ts';

afterEach(() => vi.unstubAllGlobals());

const openPage = (modules: Record<string, unknown>, WWebJS?: Record<string, unknown>) => {
  const page = { require: (name: string): unknown => modules[name], WWebJS };
  vi.stubGlobal('window', page);
  return page;
};

it('a command of the page resolves once what it began has ended, and rejects with its refusal', async () => {
  const chat: { promises: Record<string, Promise<unknown> | null> } = { promises: {} };
  const begun = Promise.withResolvers<void>();
  const Cmd: Record<string, (...values: unknown[]) => unknown> = {
    sendRevokeMsgs: () => {
      chat.promises.sendRevokeMsgs = begun.promise;
    },
    sendUnstarMsgs: () => {
      chat.promises.sendStarMsgs = Promise.reject(new Error('refused'));
    },
  };
  openPage({ WAWebCmd: { Cmd } });
  awaitMessageCommands();
  awaitMessageCommands();
  let ended = false;
  const revoking = Promise.resolve(Cmd.sendRevokeMsgs?.(chat, [])).then(() => {
    ended = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  begun.resolve();
  await revoking;
  expect(ended).toBe(true);
  await expect(Cmd.sendUnstarMsgs?.(chat, [])).rejects.toThrow('refused');
});

it.each([
  ['with its data', { data: { title: 'T' } }, { title: 'T', preview: true, subtype: 'url' }],
  ['without one if there is none', undefined, {}],
  ['without one if it fails', new Error('failed'), {}],
])('an edit with a link goes with a preview: %s', async (_name, preview, extraOptions) => {
  const edits: unknown[] = [];
  const editMessage = async (...values: unknown[]) => edits.push(values);
  const page = openPage(
    {
      WALinkify: { findLink: (text: string) => (text.includes('http') ? { href: text } : undefined) },
      WAWebLinkPreviewChatAction: {
        getLinkPreview: async () => {
          if (preview instanceof Error) throw preview;
          return preview;
        },
      },
    },
    { editMessage },
  );
  editWithPreviewOrWithout();
  editWithPreviewOrWithout();
  const edit = page.WWebJS?.editMessage as typeof editMessage;
  await edit('msg', 'http://a', { linkPreview: true, mentionedJidList: [] });
  await edit('msg', 'no link', { linkPreview: true });
  await edit('msg', 'http://a', {});
  expect(edits).toEqual([
    ['msg', 'http://a', { mentionedJidList: [], extraOptions }],
    ['msg', 'no link', { extraOptions: {} }],
    ['msg', 'http://a', { extraOptions: {} }],
  ]);
});

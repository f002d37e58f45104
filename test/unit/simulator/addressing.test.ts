import { describe, expect, it } from 'vitest';
import { addressForPage, addressFromPage } from '../../../simulator/addressing.ts';
import { BUILDS } from '../../../simulator/builds.ts';

const ADA = { lid: '111@lid', pn: '49170@c.us' };
const directory = {
  lidOf: (pn: string) => (pn === ADA.pn ? ADA.lid : `9${pn.replace('c.us', 'lid')}`),
  pnOf: (lid: string) => (lid === ADA.lid ? ADA.pn : undefined),
};
const message = {
  type: 'message' as const,
  message: {
    id: 'ABC',
    chatId: ADA.pn,
    author: ADA.pn,
    body: ADA.pn,
    mentions: [ADA.pn, '5@lid'],
    quoted: { id: 'DEF', author: ADA.pn, body: ADA.pn },
  },
  contact: { id: ADA.pn, name: 'Ada' },
};

describe('who is named how', () => {
  it('by number in the older build, by hidden id in the newer one; never in message texts', () => {
    const older = addressForPage(message, BUILDS['2026-04'], directory);
    expect(older.event).toEqual(message);
    const newer = addressForPage(message, BUILDS['2026-07'], directory);
    expect(newer.event).toEqual({
      ...message,
      message: {
        ...message.message,
        chatId: ADA.lid,
        author: ADA.lid,
        mentions: [ADA.lid, '5@lid'],
        quoted: { id: 'DEF', author: ADA.lid, body: ADA.pn },
      },
      contact: { id: ADA.lid, name: 'Ada' },
    });
    for (const { identities } of [older, newer]) expect(identities).toEqual([ADA]);
  });

  it('what a page asks for is about numbers again, as far as they are known', () => {
    const call = { op: 'send', message: { chatId: ADA.lid, body: ADA.lid, mentions: [ADA.lid, '5@lid'] } };
    expect(addressFromPage(call, directory)).toEqual({
      op: 'send',
      message: { chatId: ADA.pn, body: ADA.lid, mentions: [ADA.pn, '5@lid'] },
    });
  });

  it('groups and what is no person stay as they are', () => {
    const group = { group: { id: '120@g.us', owner: ADA.pn, participants: [{ id: ADA.pn, isAdmin: true }] } };
    expect(addressForPage(group, BUILDS['2026-07'], directory).event).toEqual({
      group: { id: '120@g.us', owner: ADA.lid, participants: [{ id: ADA.lid, isAdmin: true }] },
    });
  });
});

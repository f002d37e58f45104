import { describe, expect, it } from 'vitest';
import { createLedger, judgeSends, type Out } from '../soak/ledger.ts';

const sent = (ledger: ReturnType<typeof createLedger>, down = false) => ledger.sending('s', 0, down).text;

describe('a message in', () => {
  it('is lost if it is not delivered in the end, and waits until then', () => {
    const ledger = createLedger({ hold: false });
    sent(ledger);
    expect(ledger.totals(1, false)).toMatchObject({ waiting: 1, lost: 0 });
    expect(ledger.totals(1, true)).toMatchObject({ waiting: 0, lost: 1 });
    expect(ledger.open).toBe(1);
  });

  it('is a repeat under the same event id, and twice under another', () => {
    const ledger = createLedger({ hold: false });
    const text = sent(ledger);
    for (const id of ['a', 'a', 'b']) ledger.delivered('s', text, id, 5);
    expect(ledger.totals(1, true)).toMatchObject({ delivered: 1, repeats: 1, twice: 1, lost: 0 });
    expect(ledger.delays()).toEqual([5]);
  });

  it('is disordered if a later one of its session was delivered first', () => {
    const ledger = createLedger({ hold: false });
    const [first, second] = [sent(ledger), sent(ledger)];
    ledger.delivered('s', second, 'b', 1);
    ledger.delivered('s', first, 'a', 2);
    expect(ledger.totals(1, true)).toMatchObject({ delivered: 2, disordered: 1 });
    expect(ledger.disorders()).toEqual([{ session: 's', number: 0, after: 1, at: 2 }]);
    expect(ledger.disorders()).toEqual([]);
  });

  it('is counted separately if its session was down or killed, unless the run holds to it', () => {
    for (const [hold, lost] of [
      [false, 0],
      [true, 2],
    ] as const) {
      const ledger = createLedger({ hold });
      sent(ledger);
      ledger.risk('s');
      sent(ledger, true);
      expect(ledger.totals(1, true)).toMatchObject({ atRisk: 2, atRiskDelivered: 0, lost });
    }
  });

  it('that was not sent is recognized', () => {
    const ledger = createLedger({ hold: false });
    const text = sent(ledger);
    expect(ledger.delivered('other', text, 'a', 1)).toBe(false);
    expect(ledger.delivered('s', 'soak-in s 7', 'a', 1)).toBe(false);
    expect(ledger.delivered('s', 'hello', 'a', 1)).toBe(false);
  });
});

it('sends are held against what the phone has', () => {
  const out = (result: Out['result']): Out => ({ session: 's', result, ms: 1 });
  const sends = new Map([
    ['fine', out('done')],
    ['lost', out('done')],
    ['twice', out('unknown')],
    ['untrue', out('refused')],
    ['maybe', out('unknown')],
    ['not sent', out('refused')],
  ]);
  expect(judgeSends(sends, ['fine', 'twice', 'twice', 'untrue'])).toEqual({
    lost: ['lost'],
    twice: ['twice'],
    untrue: ['untrue'],
    unknown: 2,
  });
});

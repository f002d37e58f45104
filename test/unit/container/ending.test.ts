import { describe, expect, it } from 'vitest';
import { createEnding } from '../../../container/ending.ts';

const open = () => {
  const ending = createEnding();
  const ended: string[] = [];
  const endWith = () =>
    ending.endWith((reason, detail) => ended.push(detail === undefined ? reason : `${reason}: ${detail}`));
  return { ending, ended, endWith };
};

describe('the orderly end', () => {
  it('begins once, for the first reason given', () => {
    const { ending, ended, endWith } = open();
    endWith();
    expect([ending.asked, ending.signal.aborted]).toEqual([false, false]);
    ending.ask('crashed', 'why');
    ending.ask('user');
    expect(ended).toEqual(['crashed: why']);
    expect([ending.asked, ending.signal.aborted]).toEqual([true, true]);
  });

  it('asked for before there is a session, waits for one', () => {
    const { ending, ended, endWith } = open();
    ending.ask('user');
    ending.ask('idle');
    expect([ending.asked, ending.signal.aborted, ended]).toEqual([true, false, []]);
    endWith();
    expect(ended).toEqual(['user']);
    expect(ending.signal.aborted).toBe(true);
  });

  it('forgone, never begins', () => {
    const { ending, ended, endWith } = open();
    ending.ask('user');
    ending.forgo();
    endWith();
    ending.ask('idle');
    expect(ended).toEqual([]);
    expect(ending.signal.aborted).toBe(true);
  });
});

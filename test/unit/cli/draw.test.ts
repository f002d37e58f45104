import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { durationInput } from '../../../cli/input.ts';
import { plain, span, table } from '../../../cli/output.ts';
import { drawQr } from '../../../cli/qr/draw.ts';
import { readDrawn } from '../../helpers/read-qr.ts';

/** As long as what WhatsApp Web shows. */
const CODE = `2@${'Ab3/'.repeat(40)},${'xY9='.repeat(11)},${'Zz0+'.repeat(11)},1`;

describe('a drawn code reads back as what it says', () => {
  test('black on white, with any colors of the terminal', () => {
    const drawn = drawQr(CODE, 'paper');
    expect(drawn.split('\n').every((line) => line.startsWith('\u001b[38;5;16;48;5;231m'))).toBe(true);
    expect(readDrawn(stripVTControlCharacters(drawn), 'black')).toBe(CODE);
  });

  test('without colors on a light background', () => {
    expect(readDrawn(drawQr(CODE, 'dark'), 'black')).toBe(CODE);
  });

  test('without colors on a dark background', () => {
    expect(readDrawn(drawQr(CODE, 'light'), 'white')).toBe(CODE);
  });
});

describe('tables', () => {
  test('align their columns and leave no space at the end', () => {
    expect(
      table([
        ['NAME', 'AGE'],
        ['a-long-name', '1s'],
        ['b', ''],
      ]),
    ).toBe('NAME         AGE\na-long-name  1s\nb');
  });

  test('text from outside can not steer the terminal', () => {
    expect(plain('a\u001b[2Jb\r\nc\u009b')).toBe('a [2Jb  c ');
  });
});

describe('durations', () => {
  test.each([
    ['90s', 90],
    ['10m', 600],
    ['2h', 7200],
    ['30d', 2_592_000],
  ])('%s is %i seconds', (text, seconds) => {
    expect(durationInput.parse(text)).toBe(seconds);
  });

  test.each(['', '10', 'm', '-5m', '1.5h', '10 m', '5w'])('"%s" is refused', (text) => {
    expect(durationInput.safeParse(text).success).toBe(false);
  });

  test.each([
    [0, '0s'],
    [7_400, '7s'],
    [250_000, '4m 10s'],
    [7_500_000, '2h 5m'],
    [7_200_000, '2h'],
    [273_600_000, '3d 4h'],
    [-5_000, '0s'],
  ])('%i ms reads %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });
});

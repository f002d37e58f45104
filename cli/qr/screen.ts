import type { Output } from '../output.ts';
import { drawQr, type Ink } from './draw.ts';

/** For codes that are shown one after the other: a terminal redraws in place, everything else gets them in a row. */
type Screen = { readonly show: (code: string, below: string) => void };

export const createScreen = (out: Output, invert: boolean): Screen => {
  const tty = process.stdout.isTTY === true;
  // Colors off on a terminal: most are dark.
  const colors = tty && out.style('bold', 'x') !== 'x';
  const ink: Ink = colors ? 'paper' : tty !== invert ? 'light' : 'dark';
  let shownLines = 0;
  return {
    show: (code, below) => {
      if (out.json) {
        out.result({ value: code }, '');
        return;
      }
      const text = `${drawQr(code, ink)}\n${below}`;
      const back = tty && shownLines > 0 ? `\u001b[${shownLines}A\u001b[J` : '';
      process.stdout.write(`${back}${text}\n`);
      shownLines = text.split('\n').length;
    },
  };
};

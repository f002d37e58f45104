import { create } from 'qrcode';

/** Modules of clear space that readers need around a code. */
const MARGIN = 2;

/** How a terminal shows it: `paper` paints black on white; the others leave the colors and say which is drawn. */
export type Ink = 'paper' | 'dark' | 'light';

/**
 * A QR code as text, two rows of modules a line. On a white background with any colors of the terminal; else `dark`
 * draws the code's dark modules (right on a light background, and in files) and `light` the others (right on a dark
 * one).
 */
export const drawQr = (value: string, ink: Ink): string => {
  const { modules } = create(value, { errorCorrectionLevel: 'L' });
  const { size } = modules;
  const isDark = (row: number, column: number): boolean =>
    row >= 0 && column >= 0 && row < size && column < size && modules.get(row, column) === 1;
  const filled = (row: number, column: number): boolean => isDark(row, column) === (ink !== 'light');

  const lines: string[] = [];
  for (let row = -MARGIN; row < size + MARGIN; row += 2) {
    let line = '';
    for (let column = -MARGIN; column < size + MARGIN; column++) {
      const upper = filled(row, column);
      const lower = filled(row + 1, column);
      line += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' ';
    }
    lines.push(ink === 'paper' ? `\u001b[38;5;16;48;5;231m${line}\u001b[0m` : line);
  }
  return lines.join('\n');
};

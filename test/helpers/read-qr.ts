import jsqr from 'jsqr';
import { PNG } from 'pngjs';

/** A CommonJS module whose function sits under `default` twice. */
const jsQR = jsqr.default;

/** The text that a camera reads from a PNG file. */
export const readPng = (png: Buffer): string | undefined => {
  const { data, width, height } = PNG.sync.read(png);
  return jsQR(new Uint8ClampedArray(data), width, height)?.data;
};

const SCALE = 4;

/** The text that a camera reads from a code drawn in half blocks, `filled` being the color of the blocks. */
export const readDrawn = (text: string, filled: 'black' | 'white'): string | undefined => {
  const lines = text.split('\n').filter((line) => /^[ █▀▄]+$/.test(line));
  const width = (lines[0]?.length ?? 0) * SCALE;
  const height = lines.length * 2 * SCALE;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.floor(y / SCALE);
      const block = lines[Math.floor(row / 2)]?.[Math.floor(x / SCALE)];
      const isFilled = block === '█' || block === (row % 2 === 0 ? '▀' : '▄');
      const white = isFilled === (filled === 'white');
      pixels.set([...Array(3).fill(white ? 255 : 0), 255], (y * width + x) * 4);
    }
  }
  return jsQR(pixels, width, height)?.data;
};

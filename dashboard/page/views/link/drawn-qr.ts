import { serverTime } from '../../state/clock.ts';

/** The QR code as the page draws it: the modules of the API's picture, without taking its markup into the page. */
export type DrawnQr = {
  /** `viewBox` of the picture. */
  readonly box: string;
  /** Strokes of the dark modules. */
  readonly dark: string;
  /** When it is replaced, ms in the server's time. */
  readonly expiresAt: number;
};

/** Throws if the API's picture is not as expected. */
export const drawnQr = ({ svg, lifeMs }: { readonly svg: string; readonly lifeMs: number }): DrawnQr => {
  const picture = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  const box = picture.getAttribute('viewBox');
  const dark = picture.querySelector('path[stroke]')?.getAttribute('d');
  if (!box || !dark) throw new Error('the API drew no QR code');
  return { box, dark, expiresAt: serverTime() + lifeMs };
};

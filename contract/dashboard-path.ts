/** The dashboard's page: its path, and its files as they are built into the function that serves them. */

/** The page is here and below; its files are under `assets/`. */
export const PAGE_PATH = '/dashboard';

export type PageFile = {
  readonly contentType: string;
  /** Of the uncompressed bytes, without quotes. */
  readonly etag: string;
  /** Compressed with Brotli, in base64. */
  readonly brotli: string;
};

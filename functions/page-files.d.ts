declare module 'berth:page' {
  /** By path below the page: `index.html`, `assets/main-ABC.js`. */
  export const PAGE_FILES: Readonly<Record<string, import('../contract/dashboard-path.ts').PageFile>>;
}

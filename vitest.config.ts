import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Two cores run Chromium and databases at once: few workers, generous limits, no timing assertions.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    include: ['test/**/*.test.ts'],
  },
});

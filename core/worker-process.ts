/**
 * Node's flags for a worker; the image's Dockerfile has the same.
 *
 * V8 keeps up to three times 16 MB for new objects. A worker makes few: it hands messages on. It collects its garbage
 * itself (container/base/heap.ts). By default a collection waits for V8's other threads, and those for a core that the browser
 * has: at a start, two of twenty short collections took 9 and 14 ms each.
 */
export const WORKER_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1', '--single-threaded-gc'];

/**
 * Settings of glibc's allocator for a worker; the image's Dockerfile has the same.
 *
 * Each message of the browser and each part of a snapshot is a buffer of its own size. By default glibc keeps them in one
 * heap per thread, between small objects that stay, and raises the size from which a buffer is returned at once to 32 MB:
 * a worker grew by 15 MB in half an hour, half of it unused (docs/performance.md#an-hour-at-work).
 */
export const WORKER_ALLOCATOR: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '32768',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

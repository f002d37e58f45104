/**
 * Node's flags for a worker; the image's Dockerfile has the same.
 *
 * V8 keeps up to three times 16 MB for new objects. A worker makes few: it hands messages on. It collects its garbage
 * itself (container/base/heap.ts).
 */
export const WORKER_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=1', '--expose-gc'];

/**
 * How long each layer waits for the one inside it. The inner layer always gives up first, so that its own answer
 * (which says whether something happened) arrives before the outer layer stops listening.
 *
 *   browser call < command < worker call < invocation < function < gateway
 *
 * Every wait of a command reads its number from here; a test checks the order and the readers.
 */
export const TIMEOUTS_MS = {
  /** One call into the page (puppeteer's `protocolTimeout`). */
  browserCall: 18_000,
  /** A whole command in the worker: fetching a file, looking a number up and sending, together. */
  command: 20_000,
  /** The HTTP request from a function to the worker. `getQr` waits up to 25 s inside the worker. */
  workerCall: 26_000,
  /** The invocation of `worker-call`, for functions that are outside the network. */
  invocation: 27_500,
  /** Lambda's own limit of an API function. */
  function: 29_000,
  /** API Gateway's limit of an integration. */
  gateway: 30_000,
} as const;

/** From the innermost layer to the outermost. */
export const TIMEOUT_ORDER = [
  'browserCall',
  'command',
  'workerCall',
  'invocation',
  'function',
  'gateway',
] as const satisfies readonly (keyof typeof TIMEOUTS_MS)[];

/** Waits inside a command, ms. Each leaves room for the rest of the command. */
export const COMMAND_STAGES_MS = {
  /** Fetching the file of a URL. */
  fetchFile: 10_000,
  /** Looking a recipient up before anything is sent. Without an answer by then the message is sent unchecked. */
  recipient: 4_000,
  /** Marking the chat as read before a message, if the session is configured so. */
  markSeen: 2_000,
  /** With less time than this left, nothing is handed to the page. */
  leastForPage: 3_000,
} as const;

/** The longest that a long poll for a QR code waits inside the worker, seconds. */
export const QR_WAIT_SECONDS = 25;

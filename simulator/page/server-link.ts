import type { Call, CallAnswer, ConnectRequest, PageEvent, WithIdentities } from '../protocol.ts';

/** Sends requests to the server over the open connection. */
export type CallsServer = {
  call<O extends Call['op']>(call: Extract<Call, { op: O }>): Promise<CallAnswer[O]>;
};

/** The server refused a call; `status` and `message` as it gave them. */
export class ServerStatusCodeError extends Error {
  override readonly name = 'ServerStatusCodeError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Streams the server's events to `onEvent`, one after the other; ends when the connection does, however it does. */
export const stream = async (
  request: ConnectRequest,
  onEvent: (event: WithIdentities<PageEvent>) => Promise<void>,
): Promise<void> => {
  const answer = await fetch('/sim/connect', { method: 'POST', body: JSON.stringify(request) });
  if (!answer.ok || !answer.body) throw new ServerStatusCodeError(answer.status, 'connect refused');
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) await onEvent(JSON.parse(line) as WithIdentities<PageEvent>);
  }
};

/** Puts a file onto the servers. */
export const uploadFile = async (
  file: Blob,
): Promise<{ directPath: string; sha256: string; size: number }> => {
  const answer = await fetch('/sim/media', { method: 'POST', body: file });
  if (!answer.ok) throw new ServerStatusCodeError(answer.status, 'upload refused');
  return answer.json();
};

/** A file's bytes; rejects with the server's status if it is gone. */
export const downloadFile = async (directPath: string): Promise<ArrayBuffer> => {
  const answer = await fetch(`/sim/media?path=${encodeURIComponent(directPath)}`);
  if (!answer.ok) throw new ServerStatusCodeError(answer.status, 'download refused');
  return answer.arrayBuffer();
};

export const callServer = async <O extends Call['op']>(
  connection: string,
  call: Extract<Call, { op: O }>,
): Promise<WithIdentities<CallAnswer[O]>> => {
  const answer = await fetch('/sim/call', { method: 'POST', body: JSON.stringify({ connection, call }) });
  const body: unknown = await answer.json();
  if (answer.ok) return body as WithIdentities<CallAnswer[O]>;
  const reason =
    typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : 'refused';
  throw new ServerStatusCodeError(answer.status, reason);
};

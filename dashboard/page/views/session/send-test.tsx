import { useRef, useState } from 'preact/hooks';
import type { Message } from '../../../../client/index.ts';
import type { SessionView } from '../../../../contract/bodies/sessions.ts';
import { requestCodeArgs } from '../../../../contract/worker/account-commands.ts';
import { phoneNumber } from '../../rules/format.ts';
import { berth } from '../../state/server.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Failure } from '../../ui/problem.tsx';
import { useAction } from '../../ui/use-action.ts';

const ACK_WORDS: Readonly<Record<Message['ackName'], string>> = {
  ERROR: 'WhatsApp rejected it',
  PENDING: 'sent to WhatsApp',
  SERVER: 'WhatsApp has it',
  DEVICE: 'delivered',
  READ: 'read',
  PLAYED: 'played',
};

/** Sends one text, once: a repeat of the same click has the same key. */
export const SendTest = ({ session }: { readonly session: SessionView }) => {
  const { userId, name, status, linked } = session;
  const [to, setTo] = useState('');
  const [text, setText] = useState('Test message from Berth');
  const [tried, setTried] = useState(false);
  const [sent, setSent] = useState<Message>();
  const { busy, error, run } = useAction();
  const key = useRef(crypto.randomUUID());
  const number = requestCodeArgs.safeParse({ phoneNumber: to });
  const sleeping = linked && status === 'STOPPED';

  const send = async () => {
    setTried(true);
    if (busy || !number.success || text.trim() === '') return;
    setSent(undefined);
    await run(async () => {
      const request = { session: name, chatId: `${number.data.phoneNumber}@c.us`, text };
      const answer = await berth.messages.sendText(request, {
        userId,
        wake: sleeping,
        idempotencyKey: key.current,
      });
      setSent('commandId' in answer ? await berth.commands.wait(answer.commandId, { userId }) : answer);
    });
    key.current = crypto.randomUUID();
  };

  return (
    <Panel title="Send a test message">
      {status === 'WORKING' || sleeping ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <Field
            label="To"
            type="tel"
            placeholder="+49 170 1234567"
            value={to}
            onInput={setTo}
            error={tried && !number.success ? 'An international phone number, 7 to 15 digits.' : undefined}
          />
          <Field
            label="Text"
            value={text}
            onInput={setText}
            error={tried && text.trim() === '' ? 'A message needs a text.' : undefined}
          />
          {sleeping && (
            <p class="hint">The session is stopped: sending starts it first, without a QR code.</p>
          )}
          <Button submit icon="send" busy={busy}>
            {sleeping ? 'Start and send' : 'Send'}
          </Button>
          <div role="status">
            {sent && (
              <p class="note good">
                Sent to {phoneNumber(sent.toPn ?? sent.to)}: {ACK_WORDS[sent.ackName]}.
              </p>
            )}
          </div>
          {error !== undefined && <Failure error={error} />}
        </form>
      ) : (
        <p class="faint">Messages can be sent once an account is linked and working.</p>
      )}
    </Panel>
  );
};

/** The session's own life: it must come back without a code, with its history. */
import { expect, newest, readBack, type Step, type Trial, until } from './trial.ts';

const WAIT = { timeoutMs: 180_000 } as const;

const working = async (trial: Trial, epochBefore: number): Promise<string> => {
  const { berth, session, about } = trial;
  const startedAgain = async () => {
    const now = await berth.sessions.get(session, about);
    return now.epoch > epochBefore ? now : undefined;
  };
  const after = await until(trial, 'the session did not start again', startedAgain, WAIT.timeoutMs);
  const { status, detail } = await berth.sessions.waitForStatus(
    session,
    ['WORKING', 'SCAN_QR_CODE', 'PASSKEY_REQUIRED', 'FAILED', 'STOPPED'],
    { ...about, ...WAIT },
  );
  expect(status === 'WORKING', `it is ${status}${detail ? `: ${detail}` : ''}`);
  return `epoch ${after.epoch}`;
};

/** This run's first text is still there, and another one goes. */
const goesOn = async (trial: Trial, text: string): Promise<void> => {
  const { berth, session, me, mark, about } = trial;
  await until(trial, 'the messages from before are not there any more', async () =>
    (await newest(trial, session, me.id)).find(({ body }) => body.startsWith(mark)),
  );
  const sent = await berth.messages.sendText({ session, chatId: me.id, text: `${mark} ${text}` }, about);
  await readBack(trial, me.id, sent);
};

const stopped = async ({ berth, session, about }: Trial): Promise<number> => {
  await berth.sessions.stop(session, about);
  const { epoch, linked, authState } = await berth.sessions.waitForStatus(session, ['STOPPED', 'FAILED'], {
    ...about,
    ...WAIT,
  });
  expect(linked && authState !== null, 'nothing was saved of the account');
  return epoch;
};

const restart: Step = {
  name: 'restart',
  restarts: true,
  run: async (trial) => {
    const { epoch } = await trial.berth.sessions.get(trial.session, trial.about);
    await trial.berth.sessions.restart(trial.session, trial.about);
    const seen = await working(trial, epoch);
    await goesOn(trial, 'after a restart');
    return `works without a code, ${seen}`;
  },
};

const resume: Step = {
  name: 'stop and resume',
  restarts: true,
  run: async (trial) => {
    const epoch = await stopped(trial);
    await trial.berth.sessions.start(trial.session, trial.about);
    const seen = await working(trial, epoch);
    await goesOn(trial, 'after a stop');
    return `works without a code, ${seen}`;
  },
};

const wake: Step = {
  name: 'wake on send',
  restarts: true,
  run: async (trial) => {
    const { berth, session, me, mark, about } = trial;
    await stopped(trial);
    const request = { session, chatId: me.id, text: `${mark} wakes` };
    const answer = await berth.messages.sendText(request, { ...about, wake: true });
    if ('commandId' in answer) await berth.commands.wait(answer.commandId, about);
    await until(trial, 'the message that woke it was not sent', async () =>
      (await newest(trial, session, me.id)).find(({ body, ack }) => body === request.text && ack >= 1),
    );
    return 'commandId' in answer ? 'sent after 202' : 'sent in one request';
  },
};

export const LIFE_STEPS: readonly Step[] = [restart, resume, wake];

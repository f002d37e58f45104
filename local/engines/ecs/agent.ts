import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fromAgentSchema, type ProgramStart, type ToAgent } from './agent-messages.ts';
import type { EcsLogger } from './logger.ts';

const SOURCE = fileURLToPath(new URL('./container-agent.ts', import.meta.url));
/** Of a program whose end was not observed: as if SIGKILL had ended it. */
const UNOBSERVED = 137;
const CLOSE_DEADLINE_MS = 2_000;
/** For the agent to start a program, or to report one that was killed, on a machine that starts fifty of them at once. */
const ANSWER_LIMIT_MS = 60_000;

interface AgentOptions {
  /** The agent; undefined: container-agent.ts. */
  readonly entry: string | undefined;
  readonly logDir: string;
  /** The time that programs have to end by themselves once this process is gone. */
  readonly orphanGraceMs: number;
  /** For the agent to answer; ANSWER_LIMIT_MS if omitted. */
  readonly answerLimitMs?: number | undefined;
  readonly logger: EcsLogger;
}

interface ContainerStart extends Omit<ProgramStart, 'do'> {
  readonly onStarted: (pid: number, notLimited: string | undefined) => void;
  /** The program says that its start is finished. */
  readonly onUp: () => void;
  /** Once. Nothing of the program is left, unless the agent was killed. */
  readonly onEnded: (exitCode: number) => void;
}

/**
 * The local ECS's side of its container agent (container-agent.ts), which is started with the first program. If the agent
 * ends, the programs that it ran count as killed, and the next program gets a new agent. One that does not answer is killed.
 */
export class Agent {
  readonly #options: AgentOptions;
  readonly #containers = new Map<string, ContainerStart & { readonly agent: ChildProcess }>();
  /** By task: until the agent has answered. */
  readonly #limits = new Map<string, NodeJS.Timeout>();
  #running: ChildProcess | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  start(start: ContainerStart): void {
    const { onStarted, onUp, onEnded, ...program } = start;
    const agent = this.#agent();
    this.#containers.set(start.taskId, { ...start, agent });
    this.#tell(agent, { do: 'start', ...program });
  }

  /** SIGTERM for a program that runs. */
  stop(taskId: string): void {
    const agent = this.#containers.get(taskId)?.agent;
    if (agent) send(agent, { do: 'stop', taskId });
  }

  /** SIGKILL for a program, also for one that is about to start. */
  kill(taskId: string): void {
    const agent = this.#containers.get(taskId)?.agent;
    if (agent) this.#tell(agent, { do: 'kill', taskId });
  }

  /** Ends the agent. Programs that still run are ended by it, after their grace time. */
  async close(): Promise<void> {
    const agent = this.#running;
    this.#running = undefined;
    if (!agent?.connected) return;
    const gone = once(agent, 'exit').catch(() => {});
    agent.disconnect();
    if (this.#containers.size > 0) return;
    agent.ref();
    await Promise.race([gone, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })]);
    agent.unref();
  }

  #agent(): ChildProcess {
    if (this.#running?.connected) return this.#running;
    const { entry, logDir, orphanGraceMs, logger } = this.#options;
    // For what the agent itself has to say, should it fail.
    const output = openSync(join(logDir, 'container-agent.log'), 'a', 0o600);
    try {
      // In its own process group: Ctrl-C in the terminal does not reach it. It does not keep this process running.
      const agent = spawn(process.execPath, [entry ?? SOURCE, String(orphanGraceMs)], {
        detached: true,
        stdio: ['ignore', output, output, 'ipc'],
        env: {},
      });
      agent.on('message', (message) => this.#hear(message));
      agent.on('error', (error) => {
        if (agent.pid !== undefined) return;
        logger.error('The container agent could not be started', { error: error.message });
        this.#lost(agent);
      });
      agent.once('exit', (code, signal) => {
        if (this.#running === agent) logger.error('The container agent ended', { code, signal });
        this.#lost(agent);
      });
      agent.unref();
      agent.channel?.unref();
      this.#running = agent;
      return agent;
    } finally {
      closeSync(output);
    }
  }

  /** A message that has an answer. */
  #tell(agent: ChildProcess, message: ToAgent): void {
    const { logger, answerLimitMs = ANSWER_LIMIT_MS } = this.#options;
    this.#answered(message.taskId);
    const limit = setTimeout(() => {
      logger.error('The container agent does not answer: killed', { task: message.taskId });
      agent.kill('SIGKILL');
    }, answerLimitMs);
    this.#limits.set(message.taskId, limit.unref());
    send(agent, message);
  }

  #answered(taskId: string): void {
    clearTimeout(this.#limits.get(taskId));
    this.#limits.delete(taskId);
  }

  #hear(message: unknown): void {
    const said = fromAgentSchema.parse(message);
    this.#answered(said.taskId);
    const container = this.#containers.get(said.taskId);
    if (said.is === 'started') container?.onStarted(said.pid, said.notLimited);
    else if (said.is === 'up') container?.onUp();
    else this.#end(said.taskId, said.exitCode);
  }

  #lost(agent: ChildProcess): void {
    if (this.#running === agent) this.#running = undefined;
    for (const [taskId, container] of this.#containers)
      if (container.agent === agent) this.#end(taskId, UNOBSERVED);
  }

  #end(taskId: string, exitCode: number): void {
    const container = this.#containers.get(taskId);
    this.#answered(taskId);
    this.#containers.delete(taskId);
    container?.onEnded(exitCode);
  }
}

/** A message that does not arrive has no reader: the agent's end is an event. */
const send = (agent: ChildProcess, message: ToAgent): void => {
  agent.send(message, () => {});
};

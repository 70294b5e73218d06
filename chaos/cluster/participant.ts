// Owns a participant as the harness has it: its process, how it behaves, and the calls it tells of.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CallRecord } from '../record.ts';
import { fixedPort } from './fixed-port.ts';
import type { BehaveMessage, ParticipantMessage, ParticipantSettings } from './participant-messages.ts';
import type { ParticipantPort } from './ports.ts';

const PROCESS = fileURLToPath(new URL('./participant-process.ts', import.meta.url));

export interface Participant extends ParticipantPort {
  /** Where it listens, past its proxy. */
  readonly port: number;
  readonly pid: number | null;
  stop(): Promise<void>;
}

/** Starts one and waits until it listens. */
export async function startParticipantProcess(
  name: string,
  databaseUrl: string,
  record: (call: CallRecord) => void,
): Promise<Participant> {
  const port = await fixedPort();
  const settings: ParticipantSettings = { name, port, databaseUrl };
  const child = fork(PROCESS, [JSON.stringify(settings)], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Ctrl-C reaches the harness, which then ends it in order.
    detached: true,
  });
  const ended = once(child, 'exit');
  const waiting = new Map<number, () => void>();
  let requests = 0;
  const listening = new Promise<void>((resolve) => {
    child.on('message', (message: ParticipantMessage) => {
      if (message.kind === 'call') record(message.call);
      else if (message.kind === 'listening') resolve();
      else waiting.get(message.request)?.();
    });
  });
  const failed = ended.then(([code, signal]) => {
    throw new Error(`The participant ${name} ended with ${signal ?? code}.`);
  });
  failed.catch(() => {});
  child.on('error', () => {});
  await Promise.race([listening, failed]);
  return {
    name,
    port,
    pid: child.pid ?? null,
    behave: async (mode) => {
      requests += 1;
      const message: BehaveMessage = { kind: 'behave', mode, request: requests };
      const behaves = new Promise<void>((resolve) => waiting.set(message.request, resolve));
      child.send(message);
      await Promise.race([behaves, failed]).finally(() => waiting.delete(message.request));
    },
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}

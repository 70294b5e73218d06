// Owns how a process of an instance asks all of them something: by messages through the primary, which serves nobody itself. A process
// that dies or hangs is left out, so an answer may lack somebody, but always comes.
import cluster, { type Worker } from 'node:cluster';
import type { HotStock } from '../telemetry/hottest.ts';
import type { Figures } from '../telemetry/snapshot.ts';

/** What a process can be asked. */
export interface Topics {
  readonly figures: Figures;
  readonly hottest: readonly HotStock[];
}

export type Topic = keyof Topics;
/** How a process answers for itself. */
export type Answers = { readonly [T in Topic]: () => Promise<Topics[T]> };
/** Asks every process of the instance. */
export type Gather = <T extends Topic>(topic: T) => Promise<readonly Topics[T][]>;

/** The primary waits so long for its workers, and a worker a little longer for the primary. */
const LIMIT_MS = 1000;
const MARGIN_MS = 200;

type Message =
  | { readonly holdfast: 'gather'; readonly ask: number; readonly topic: Topic }
  | { readonly holdfast: 'tell'; readonly round: number; readonly topic: Topic }
  | { readonly holdfast: 'told'; readonly round: number; readonly answer: unknown }
  | { readonly holdfast: 'gathered'; readonly ask: number; readonly answers: readonly unknown[] };

/** Where there is one process, it asks itself. */
export function gatherAlone(answers: Answers): Gather {
  return async (topic) => [await answers[topic]()];
}

/** For a worker: answers what it is asked, and asks through the primary. */
export function gatherAsWorker(answers: Answers): Gather {
  const waiting = new Map<number, (answers: readonly unknown[]) => void>();
  let last = 0;
  process.on('message', (message: unknown) => {
    if (!isMessage(message)) return;
    if (message.holdfast === 'gathered') waiting.get(message.ask)?.(message.answers);
    else if (message.holdfast === 'tell') void tell(answers, message.topic, message.round);
  });
  return (topic) =>
    new Promise((resolve) => {
      last += 1;
      const ask = last;
      const done = (all: readonly unknown[]): void => {
        clearTimeout(late);
        waiting.delete(ask);
        // Each worker answers by the same code: what comes back on a topic is of its type.
        resolve(all as readonly Topics[typeof topic][]);
      };
      const late = setTimeout(() => void answers[topic]().then((own) => done([own])), LIMIT_MS + MARGIN_MS);
      waiting.set(ask, done);
      send({ holdfast: 'gather', ask, topic });
    });
}

async function tell(answers: Answers, topic: Topic, round: number): Promise<void> {
  send({ holdfast: 'told', round, answer: await answers[topic]() });
}

/** A primary that is gone takes its workers with it: what could not be sent, nobody waits for. */
function send(message: Message): void {
  process.send?.(message, undefined, {}, () => {});
}

interface Round {
  readonly asked: Set<Worker>;
  readonly answers: unknown[];
  readonly finish: () => void;
}

/** For the primary: passes questions on to all workers, and their answers back. */
export function gatherForWorkers(): void {
  const rounds = new Map<number, Round>();
  let last = 0;
  const begin = (asker: Worker, ask: number, topic: Topic): void => {
    last += 1;
    const round = last;
    const asked = new Set(Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected() === true) as Worker[]);
    const answers: unknown[] = [];
    const finish = (): void => {
      clearTimeout(late);
      if (rounds.delete(round)) sendTo(asker, { holdfast: 'gathered', ask, answers });
    };
    const late = setTimeout(finish, LIMIT_MS);
    rounds.set(round, { asked, answers, finish });
    for (const worker of asked) sendTo(worker, { holdfast: 'tell', round, topic });
  };
  const leave = (worker: Worker, { asked, finish }: Round): void => {
    asked.delete(worker);
    if (asked.size === 0) finish();
  };
  cluster.on('message', (worker, message: unknown) => {
    if (!isMessage(message)) return;
    if (message.holdfast === 'gather') begin(worker, message.ask, message.topic);
    if (message.holdfast !== 'told') return;
    const round = rounds.get(message.round);
    if (round?.asked.has(worker) !== true) return;
    round.answers.push(message.answer);
    leave(worker, round);
  });
  cluster.on('exit', (worker) => {
    for (const round of rounds.values()) if (round.asked.has(worker)) leave(worker, round);
  });
}

function sendTo(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => {});
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'holdfast' in message;
}

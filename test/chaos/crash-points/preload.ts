// Owns the crash points of a coordinator: loaded into its process before anything else (`--import`), it watches the boundaries over
// which all I/O goes (statements to PostgreSQL, calls to participants and their replies, answers to callers), and kills the process
// at the one that it was told. So the points are the code's own effects, and a new one is a new point by itself.
import { ServerResponse } from 'node:http';
import pg from 'pg';
import { type Dispatcher, Pool } from 'undici';

export type CrashOrder =
  /** Counts anew from here, and dies at this point; null: at none. */
  { readonly kind: 'arm'; readonly point: string | null } | { readonly kind: 'tell' };

export type CrashReport = { readonly kind: 'armed' } | { readonly kind: 'reached'; readonly points: readonly string[] };

type Side = 'before' | 'after';

let deadly: string | null = null;
let counts = new Map<string, number>();
let reached: string[] = [];

function reach(name: string, side: Side): void {
  const which = `${name}, ${side}`;
  const count = (counts.get(which) ?? 0) + 1;
  counts.set(which, count);
  const point = `${which} #${count}`;
  reached.push(point);
  if (point === deadly) process.kill(process.pid, 'SIGKILL');
}

process.on('message', (order: CrashOrder) => {
  const report: CrashReport = order.kind === 'arm' ? { kind: 'armed' } : { kind: 'reached', points: reached };
  if (order.kind === 'arm') {
    deadly = order.point;
    counts = new Map();
    reached = [];
  }
  process.send?.(report);
});
// The coordinator ends when it has nothing more to do, whether or not somebody could still tell it something.
process.channel?.unref();

watchStatements();
watchCalls();
watchAnswers();

function watchStatements(): void {
  const { query } = pg.Client.prototype;
  const watched = function (this: pg.Client, ...given: unknown[]): unknown {
    const name = `statement ${nameOf(given[0])}`;
    reach(name, 'before');
    const callback = given.at(-1);
    if (typeof callback === 'function') {
      given[given.length - 1] = (...results: unknown[]) => {
        reach(name, 'after');
        callback(...results);
      };
    }
    const result: unknown = Reflect.apply(query, this, given);
    if (!(result instanceof Promise)) return result;
    return result.then((value: unknown) => {
      reach(name, 'after');
      return value;
    });
  };
  Object.assign(pg.Client.prototype, { query: watched });
}

/** A prepared statement has a name; others are known by their first words. */
function nameOf(statement: unknown): string {
  if (typeof statement === 'string') return wordsOf(statement);
  const { name, text } = statement as { readonly name?: unknown; readonly text?: unknown };
  return typeof name === 'string' ? name : wordsOf(String(text));
}

function wordsOf(text: string): string {
  return text.replaceAll(/--.*$/gm, '').trim().split(/\s+/).slice(0, 4).join(' ').replaceAll(';', '');
}

function watchCalls(): void {
  const { dispatch } = Pool.prototype;
  const watched = function (this: Pool, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const name = `call ${options.path}`;
    reach(name, 'before');
    const ended = handler.onResponseEnd?.bind(handler);
    handler.onResponseEnd = (...results) => {
      reach(name, 'after');
      ended?.(...results);
    };
    return Reflect.apply(dispatch, this, [options, handler]);
  };
  Object.assign(Pool.prototype, { dispatch: watched });
}

function watchAnswers(): void {
  const { end } = ServerResponse.prototype;
  const watched = function (this: ServerResponse, ...given: unknown[]): unknown {
    const name = `answer to ${this.req.method} ${(this.req.url ?? '').replaceAll(/[0-9a-f-]{36}/g, 'ID')}`;
    reach(name, 'before');
    this.once('finish', () => reach(name, 'after'));
    return Reflect.apply(end, this, given);
  };
  Object.assign(ServerResponse.prototype, { end: watched });
}

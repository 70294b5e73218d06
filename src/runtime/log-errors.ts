// Owns what a log line holds of an error: what it says, where it happened, and its plain members. Never an object that hangs on it: a
// client of Redis hangs the command there that failed, and where that was AUTH, the password with it.
import { stdSerializers } from 'pino';

type Plain = Readonly<Record<string, unknown>>;

/** For pino, as the serialiser of `err`. */
export function errorFields(error: unknown): unknown {
  return error instanceof Error ? plain(stdSerializers.err(error)) : scalar(error);
}

function plain(error: object): Plain {
  return Object.fromEntries(
    Object.entries(error).flatMap(([name, value]: [string, unknown]) => {
      if (name === 'aggregateErrors' && Array.isArray(value)) return [[name, value.map((each: object) => plain(each))]];
      return isScalar(value) ? [[name, value]] : [];
    }),
  );
}

/** What was thrown and is no error is told by its kind alone, where it might hold anything. */
function scalar(value: unknown): unknown {
  return isScalar(value) ? value : { type: typeof value };
}

function isScalar(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
}

// Owns the connections to Redis. It is never waited for and never the truth: it may be gone at any time, and comes back
// without a restart (I10).
import { Redis, type RedisOptions } from 'ioredis';

// Replies come in their usual form; leaving the choice open would leave the client's type open.
type Options = Omit<RedisOptions, 'replyMapping'>;

/** For commands: where Redis is away they fail at once, and the caller goes on without. */
export const COMMAND_OPTIONS: Options = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  connectTimeout: 2000,
  commandTimeout: 2000,
  retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
  // A restored or failed-over server may answer READONLY: connect anew.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

/** For BullMQ's blocking reads: these wait for as long as Redis is away, and must have no time limit. */
export const BLOCKING_OPTIONS: Options = {
  maxRetriesPerRequest: null,
  connectTimeout: 2000,
  retryStrategy: (attempt) => Math.min(100 * attempt, 1000),
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
};

/**
 * Connects in the background.
 * @param onFault told of each failure of the connection
 */
export function connect(redisUrl: string, options: Options, onFault: (error: unknown) => void): Redis {
  const redis = new Redis(redisUrl, options);
  redis.on('error', onFault);
  return redis;
}

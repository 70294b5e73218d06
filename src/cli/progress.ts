// Owns the progress bar of an import: by bytes, on a terminal only, and gone without a trace when it ends or is interrupted.
import cliProgress from 'cli-progress';

export interface Progress {
  add(bytes: number): void;
  /** Takes the bar away. May be called again. */
  stop(): void;
}

const SILENT: Progress = { add: () => {}, stop: () => {} };
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

/**
 * @param totalBytes null where it is not known (a pipe): then what was sent is counted and no share of it
 * @param stream where the bar appears, if it is a terminal
 */
export function startProgress(totalBytes: number | null, stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return SILENT;
  const size = totalBytes === null ? null : bytesText(totalBytes);
  const bar = new cliProgress.SingleBar({
    stream,
    format:
      size === null ? '{sent} sent in {duration_formatted}' : '[{bar}] {percentage} % | {sent} of {size} | {eta_formatted} left',
    clearOnComplete: true,
    // The library's own handler swallows Ctrl-C.
    gracefulExit: false,
  });
  let sentBytes = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    stop();
    process.kill(process.pid, signal);
  };
  const stop = (): void => {
    for (const signal of ENDING_SIGNALS) process.off(signal, onSignal);
    bar.stop();
  };
  // First the way back: a signal in between would leave the terminal as the bar made it.
  for (const signal of ENDING_SIGNALS) process.once(signal, onSignal);
  bar.start(totalBytes ?? 0, 0, { sent: bytesText(0), size });
  return {
    add: (bytes) => {
      sentBytes += bytes;
      bar.update(sentBytes, { sent: bytesText(sentBytes) });
    },
    stop,
  };
}

/** 1536 as 1.5 KiB. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

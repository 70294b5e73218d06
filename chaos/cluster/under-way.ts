// Owns what is being done to the servers at this moment, so that an end in the middle of it can wait for it.

export interface UnderWay {
  /** @throws where everything is being stopped already */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Refuses work from now on. Resolves when what was under way has ended, well or not. */
  close(): Promise<void>;
}

export function makeUnderWay(): UnderWay {
  const running = new Set<Promise<unknown>>();
  let isClosed = false;
  return {
    run: (work) => {
      if (isClosed) return Promise.reject(new Error('the cluster is being stopped'));
      const promise = work();
      running.add(promise);
      const forget = (): void => void running.delete(promise);
      promise.then(forget, forget);
      return promise;
    },
    close: async () => {
      isClosed = true;
      await Promise.allSettled(running);
    },
  };
}

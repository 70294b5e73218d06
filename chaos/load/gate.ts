// Owns the rest of the load: while the gate is closed nobody begins anything, and closing it waits for what was begun.

export interface Gate {
  /** Does the work once the gate is open. */
  pass<T>(work: () => Promise<T>): Promise<T>;
  open(): void;
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
}

/** @returns a gate that is open */
export function makeGate(): Gate {
  let opening: PromiseWithResolvers<void> | null = null;
  let underWay = 0;
  let onQuiet: (() => void)[] = [];
  return {
    pass: async (work) => {
      while (opening !== null) await opening.promise;
      underWay += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        if (underWay === 0) {
          for (const tell of onQuiet) tell();
          onQuiet = [];
        }
      }
    },
    open: () => {
      opening?.resolve();
      opening = null;
    },
    close: async () => {
      opening ??= Promise.withResolvers();
      if (underWay > 0) await new Promise<void>((resolve) => onQuiet.push(resolve));
    },
  };
}

// Owns what must be undone when the run ends, however it ends: servers, coordinators and folders that tests made.

type Undo = () => Promise<unknown>;

const pending = new Set<Undo>();

/**
 * Has `undo` called at the end of the whole run. Undoing what was undone already must do no harm.
 */
export function atTheEnd(undo: Undo): void {
  pending.add(undo);
}

/** Undoes everything, newest first, so that a coordinator goes before its database. Reports each failure and goes on. */
export async function undoEverything(): Promise<void> {
  for (const undo of [...pending].reverse()) {
    pending.delete(undo);
    await undo().catch((error: unknown) => process.stderr.write(`At the end of the tests: ${String(error)}\n`));
  }
}

// Owns the sabotage phase-two-first: participants hear of a decision that is not stored yet, and perhaps never will be (I9).
import type { Sabotage } from '../sabotage.ts';

const BATCH = 'src/coordinator/batch.ts';

export const phaseTwoFirst: Sabotage = {
  breaks: 'Participants are asked to confirm or cancel while the decision is still being recorded.',
  replacements: [
    {
      file: BATCH,
      find: '    return changes;\n  });\n  if (changes.length > 0) settlement.stored(effectsOf(changes), decidedAt);',
      replace: `    const calls = effectsOf(changes).calls.filter(({ phase }) => phase !== 'try');
    if (calls.length > 0) settlement.stored({ ...deadlineEffects([]), calls }, now);
    return changes;
  });
  const effects = effectsOf(changes);
  const calls = effects.calls.filter(({ phase }) => phase === 'try');
  if (changes.length > 0) settlement.stored({ ...effects, calls }, decidedAt);`,
    },
    {
      file: 'src/participants/caller.ts',
      find: 'if (details === null || !isGranted(call, details, this.#options.leaseHolder())) return',
      replace: "if (details === null || (call.phase === 'try' && !isGranted(call, details, this.#options.leaseHolder()))) return",
    },
  ],
  expectedBy: ['I9'],
  faults: ['postgres-kill-backends', 'coordinator-kill'],
};

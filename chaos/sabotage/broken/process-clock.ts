// Owns the sabotage process-clock: the deadline is looked at with a clock that nobody else shares (I8).
import type { Sabotage } from '../sabotage.ts';

/** An hour behind, made here: so it needs no library that changes the clock of a process. */
const OWN_CLOCK = '(Date.now() - 3_600_000)';

export const processClock: Sabotage = {
  breaks: "A confirm and the sweep ask the process's own clock for the deadline, and that is an hour behind.",
  replacements: [
    {
      file: 'src/coordinator/decide/settle.ts',
      find: 'if (step === null || now >= known.expiresAt) return refuse(expiredProblem(known));',
      replace: `if (step === null || ${OWN_CLOCK} >= known.expiresAt) return refuse(expiredProblem(known));`,
    },
    {
      file: 'src/timers/sweep.ts',
      find: 'const due = await page;',
      replace: `const due = (await page).filter((one) => one.expiresAt <= ${OWN_CLOCK});`,
    },
  ],
  expectedBy: ['I8'],
  faults: ['redis-flush', 'link-latency'],
};

// Owns what a process that a test starts gets of this one's environment: no setting of the machine leaks in.

/** Where compiled code is kept for the next process of the same (test/run.mjs): a coordinator's start takes half the work by it. */
const CACHE = 'NODE_COMPILE_CACHE';

export function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, [CACHE]: cache } = process.env;
  return { PATH, HOME, ...(cache === undefined ? {} : { [CACHE]: cache }) };
}

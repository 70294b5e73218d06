// Owns the names of the states, the same in SQL, code, API and docs (see docs/design.md, Glossary).

export const TRANSACTION_STATES = ['TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED'] as const;
export type TransactionState = (typeof TRANSACTION_STATES)[number];

export const ITEM_STATES = ['AVAILABLE', 'RESERVED', 'DEDUCTED'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export const BRANCH_STATES = ['REGISTERED', 'TRIED', 'REFUSED', 'CONFIRMED', 'CANCELLED'] as const;
export type BranchState = (typeof BRANCH_STATES)[number];

/** What a participant is asked for. */
export const BRANCH_PHASES = ['try', 'confirm', 'cancel'] as const;
export type BranchPhase = (typeof BRANCH_PHASES)[number];

// Owns what the loads with branches are about: the participants by name, what a Try names, and their registration.

/** Two participants, both served by participant.ts. load.lua knows them by the same names. */
export const PARTICIPANTS = ['first', 'second'] as const;

/** What the coordinator calls for each transaction: a Try and a Confirm of each. */
export const CALLS_PER_TRANSACTION = 2 * PARTICIPANTS.length;

export const CALLERS_OF_BRANCHES = 64;

/** The branches of a Try, as JSON. */
export const BRANCHES = JSON.stringify(PARTICIPANTS.map((participant) => ({ participant, payload: { amount: 1 } })));

/**
 * Registers participants with everything else as it is by default.
 * @param url where holdfast listens
 * @param participantUrl where participant.ts listens; each gets a path of its own there
 */
export async function registerParticipants(url: string, participantUrl: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const response = await fetch(`${url}/v1/participants/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `${participantUrl}/${name}` }),
    });
    if (!response.ok) throw new Error(`PUT of participant ${name}: ${response.status} ${await response.text()}`);
  }
}

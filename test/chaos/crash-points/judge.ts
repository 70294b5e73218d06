// Owns the judgement of one crash: how the transaction ended, what callers had been told, what participants heard, and the stock.
import type { ParticipantServer } from '../../support/participant-server.ts';
import type { Basket, Scenario } from './scenarios.ts';
import { QUANTITIES } from './scenarios.ts';
import type { Answered, Victim } from './victim.ts';

/** Of each SKU, before the transaction. */
export const STOCKED = 10;

const ENDS = ['CONFIRMED', 'CANCELLED'];

/** @returns what is wrong, in words; empty where all is as it must be */
export async function judge(
  scenario: Scenario,
  basket: Basket,
  told: readonly Answered[],
  victim: Victim,
  participants: ParticipantServer,
): Promise<readonly string[]> {
  const { body } = await victim.ask('GET', `/v1/transactions/${basket.id}`);
  return [
    ...judgeEnd(scenario, body),
    ...judgeTold(scenario, told),
    ...judgeParticipants(scenario, basket, participants),
    ...(await judgeStock(scenario, basket, victim)),
  ];
}

function judgeEnd({ ends }: Scenario, { state, reason }: Answered['body']): readonly string[] {
  return state === ends.state && reason === ends.reason ? [] : [`I5: it ended ${state} (${reason})`];
}

/** I6, I7: nobody was told of another end, or of something that was earlier already. */
function judgeTold({ ends }: Scenario, told: readonly Answered[]): readonly string[] {
  const states = told.map(({ body }) => String(body.state));
  const wrong = states.filter((state) => ENDS.includes(state) && state !== ends.state);
  const firstEnd = states.findIndex((state) => ENDS.includes(state));
  const goesBack = firstEnd >= 0 && states.slice(firstEnd).some((state) => !ENDS.includes(state));
  return wrong.length > 0 || goesBack ? [`I6: callers were told ${states.join(', ')}`] : [];
}

/** I5: each heard of the decision, and of no other. */
function judgeParticipants({ settled }: Scenario, { id, participants }: Basket, server: ParticipantServer): readonly string[] {
  if (settled === null) return [];
  const other = settled === 'confirm' ? 'cancel' : 'confirm';
  const heard = server.callsOf(settled, id).map(({ participant }) => participant);
  const missing = participants.filter((name) => !heard.includes(name));
  return [
    ...missing.map((name) => `I5: ${name} never heard of the ${settled}`),
    ...server.callsOf(other, id).map(({ participant }) => `I5: ${participant} was asked to ${other}`),
  ];
}

/** I1–I4: nothing is held any more, and sold is what was sold. */
async function judgeStock({ ends }: Scenario, { skus }: Basket, victim: Victim): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const [place, sku] of skus.entries()) {
    const { body } = await victim.ask('GET', `/v1/stock/${sku}`);
    const sold = ends.sold[place] ?? 0;
    const isRight = body.available === STOCKED - sold && body.reserved === 0 && body.deducted === sold;
    if (!isRight) faults.push(`I3: of ${QUANTITIES[place]} ${sku}: ${JSON.stringify(body)}`);
  }
  return faults;
}

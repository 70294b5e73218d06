// Owns the schemas of what is answered about participants.
import { z } from 'zod';
import 'zod-openapi';
import { Moment, NextCursor } from './answers.ts';

export const Participant = z
  .object({
    name: z.string().meta({ example: 'payment' }),
    url: z.string().meta({ format: 'uri', example: 'https://payment.example/holdfast' }),
    timeoutMs: z.int(),
    maxConcurrency: z.int(),
    retry: z.object({ initialMs: z.int(), maxMs: z.int(), attentionAfter: z.int() }),
    createdAt: Moment,
    updatedAt: Moment,
  })
  .meta({ id: 'Participant', description: 'A remote service that takes part in transactions. Its secret is not shown.' });
export const RegisteredParticipant = Participant.extend({
  secret: z.string().optional().meta({
    description:
      'Where none was given and there was none: the one that calls are signed with from now on. It is in this answer and in no other.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }),
}).meta({ id: 'RegisteredParticipant', description: 'A participant as it is registered now.' });
export const ParticipantPage = z
  .object({ items: z.array(Participant), nextCursor: NextCursor })
  .meta({ id: 'ParticipantPage', description: 'All of them, by name: there is no next page.' });

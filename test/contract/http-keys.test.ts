// Owns the tests of what becomes of a key where PostgreSQL goes away right after the commit that made it.
import { expect } from 'chai';
import type { KeyRequest, StoredKey } from '../../src/access/store.ts';
import { DatabaseUnavailable } from '../../src/coordinator/queries.ts';
import { HttpFixture, NO_ACCESS } from '../support/http-fixture.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const KEY: StoredKey = {
  ...{ id: ID, lineage: ID, name: 'orders', scopes: ['stock:read'], createdAt: 1, expiresAt: null, revokedAt: null },
  replacedBy: null,
};

describe('a key, where the look that should take it in fails', () => {
  const revoked: string[] = [];
  const http = HttpFixture.forSuite(
    {},
    {
      access: {
        ...NO_ACCESS,
        keys: {
          ...NO_ACCESS.keys,
          create: async ({ id }: KeyRequest) => ({ ...KEY, id }),
          rotate: async (_id, { id }) => ({ ...KEY, id }),
          revoke: async (id) => {
            revoked.push(id);
            return KEY;
          },
        },
        keysChanged: () => Promise.reject(new DatabaseUnavailable(new Error('away'))),
      },
    },
  );

  it('is shown all the same: it is kept, and never shown again', async () => {
    const made = await http.call('POST', '/v1/keys', { name: 'orders', scopes: ['stock:read'] });
    const rotated = await http.call('POST', `/v1/keys/${ID}/rotate`);
    for (const { status, body } of [made, rotated]) {
      expect(status).to.equal(201);
      expect(body.key)
        .to.match(/^hf_[0-9a-f-]{36}_[0-9a-f]{64}$/)
        .and.include(body.id);
    }
  });

  it('is not said to be revoked while this process takes it still; the same request says so later', async () => {
    const answer = await http.call('DELETE', `/v1/keys/${ID}`);
    expect([answer.status, answer.body.retryable, revoked]).to.deep.equal([503, true, [ID]]);
  });
});

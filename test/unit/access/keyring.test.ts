// Owns the tests of the keys in memory: what a look at PostgreSQL changes, whichever order looks come back in, and when a key ends.
import { expect } from 'chai';
import { makeKey, readKey } from '../../../src/access/key.ts';
import { Keyring } from '../../../src/access/keyring.ts';
import type { UsableKey, UsableKeys } from '../../../src/access/store.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const OTHER_ID = '0193b0a4-7c1e-7d00-8000-000000000002';
const KEY = makeKey(ID);

const usable = (change: Partial<UsableKey> = {}): UsableKey => ({
  ...{ id: ID, lineage: ID, name: 'orders', scopes: ['stock:read'], expiresAt: null, hash: KEY.hash },
  ...change,
});

/** PostgreSQL, as slow as a test wants it. */
class HeldStore {
  readonly #asked: ((keys: UsableKeys) => void)[] = [];

  usable(): Promise<UsableKeys> {
    const { promise, resolve } = Promise.withResolvers<UsableKeys>();
    this.#asked.push(resolve);
    return promise;
  }

  /** @param index which of the looks that wait */
  answer(index: number, keys: readonly UsableKey[], now = 0): void {
    this.#asked[index]?.({ now, everMade: true, keys });
  }
}

describe('the keyring', () => {
  let store: HeldStore;
  let now: number;
  let ring: Keyring;

  beforeEach(() => {
    store = new HeldStore();
    now = 0;
    ring = new Keyring({ store, onFault: () => undefined, now: () => now });
  });
  const look = async (keys: readonly UsableKey[], at = now): Promise<void> => {
    const looked = new Keyring({
      store: { usable: async () => ({ now: at, everMade: true, keys }) },
      onFault: () => {},
      now: () => now,
    });
    await looked.refresh();
    ring = looked;
  };

  it('knows a key by its secret, and tells nothing apart', async () => {
    await look([usable()]);
    expect(ring.principalOf(KEY.text)).to.include({ kind: 'key', id: ID, name: 'orders', lineage: ID });
    const wrong = makeKey(ID).text;
    for (const text of [
      wrong,
      makeKey(OTHER_ID).text,
      KEY.text.toUpperCase(),
      `${KEY.text} `,
      `${KEY.text}0`,
      KEY.text.slice(0, -1),
      '',
    ])
      expect(ring.principalOf(text), text.slice(0, 12)).to.equal(null);
    expect(readKey(KEY.text)?.hash).to.equal(KEY.hash).and.not.include(KEY.text.slice(40));
  });

  it('knows no secret of zeros where the id is not known', async () => {
    await look([]);
    expect(ring.principalOf(`hf_${OTHER_ID}_${'0'.repeat(64)}`)).to.equal(null);
  });

  it('takes in what was seen last, not what came back last', async () => {
    const looks = [ring.refresh(), ring.refresh()];
    // The second look began after the key was revoked.
    store.answer(1, []);
    await looks[1];
    expect(ring.principalOf(KEY.text)).to.equal(null);
    store.answer(0, [usable()]);
    await looks[0];
    expect(ring.principalOf(KEY.text)).to.equal(null);
    expect(ring.has(ID)).to.equal(false);
  });

  it('ends a key by the database’s clock, however far this one is from it', async () => {
    now = 500_000;
    await look([usable({ expiresAt: 11_000 })], 10_000);
    expect(ring.principalOf(KEY.text)).not.to.equal(null);
    now = 500_999;
    expect(ring.has(ID)).to.equal(true);
    now = 501_000;
    expect(ring.principalOf(KEY.text)).to.equal(null);
    expect(ring.has(ID)).to.equal(false);
  });

  it('ends a key no later where the look was slow', async () => {
    const looked = ring.refresh();
    now = 4_000;
    // It was answered at once, and the answer took four seconds.
    store.answer(0, [usable({ expiresAt: 5_000 })], 0);
    await looked;
    now = 4_999;
    expect(ring.has(ID)).to.equal(true);
    now = 5_000;
    expect(ring.has(ID)).to.equal(false);
  });

  it('remembers that there was a key once, for ever', async () => {
    let everMade = true;
    const once = new Keyring({ store: { usable: async () => ({ now: 0, everMade, keys: [] }) }, onFault: () => {} });
    expect(once.everMade).to.equal(false);
    await once.refresh();
    everMade = false;
    await once.refresh();
    expect(once.everMade).to.equal(true);
  });

  it('stays as it is while PostgreSQL does not answer', async () => {
    let isAway = false;
    const faults: unknown[] = [];
    const away = new Error('away');
    const store = {
      usable: async () => {
        if (isAway) throw away;
        return { now: 0, everMade: true, keys: [usable()] };
      },
    };
    const patient = new Keyring({ store, onFault: (error) => faults.push(error), now: () => now, intervalMs: 5 });
    await patient.refresh();
    isAway = true;
    patient.start();
    await new Promise((resolve) => setTimeout(resolve, 60));
    await patient.stop();
    expect(faults[0]).to.equal(away);
    expect(patient.principalOf(KEY.text)).not.to.equal(null);
  });
});

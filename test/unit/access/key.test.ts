// Owns the tests of the form of an API key, and of how long a key is looked at: no longer where more of it is right.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { expect } from 'chai';
import { makeKey, readKey } from '../../../src/access/key.ts';
import { Keyring } from '../../../src/access/keyring.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const OTHER_ID = '0193b0a4-7c1e-7d00-8000-000000000002';

describe('an API key', () => {
  it('is hf_, its id and 256 bits, never the same twice, and is read as it was made', () => {
    const made = Array.from({ length: 200 }, () => makeKey(ID));
    expect(new Set(made.map(({ text }) => text)).size).to.equal(200);
    for (const { id, hash, text } of made) {
      expect(text).to.match(/^hf_0193b0a4-7c1e-7d00-8000-000000000001_[0-9a-f]{64}$/);
      expect(readKey(text)).to.deep.equal({ id, hash });
      // What is stored is the hash of the secret alone, and says nothing of it.
      const secret = text.slice(-64);
      expect(hash).to.equal(crypto.createHash('sha256').update(secret).digest('hex')).and.not.equal(secret);
    }
    // No bit stands still.
    for (let place = 0; place < 64; place += 1)
      expect(new Set(made.map(({ text }) => text.at(-1 - place))).size, `digit ${place}`).to.be.above(8);
  });

  it('is nothing that is not written exactly so', () => {
    const { text } = makeKey(ID);
    const secret = text.slice(-64);
    const wrong = [
      ...['', 'hf_', 'hf__', `hf_${ID}`, `hf_${ID}_`, `${text}0`, text.slice(0, -1), ` ${text}`, `${text} `, `${text}\n`],
      ...[`\n${text}`, text.toUpperCase(), `HF_${ID}_${secret}`, `hf_${ID}_${secret.toUpperCase().replace(/\d/g, 'A')}`],
      ...[
        `hf_${ID.toUpperCase()}_${secret}`,
        `hf_{${ID}}_${secret}`,
        `hf_${ID.replaceAll('-', '')}_${secret}`,
        `hf-${ID}-${secret}`,
      ],
      ...[
        `hf_${ID}_${secret.slice(1)}g`,
        `hf_${ID}_${secret.slice(1)}\u0661`,
        `hf_${ID}_${'é'.repeat(64)}`,
        `hf_\ud800_${secret}`,
      ],
      ...[`Bearer ${text}`, `${text}_${secret}`, `${text},${text}`, `\u0000${text}`, 'a'.repeat(1_000_000)],
    ];
    for (const each of wrong) expect(readKey(each), JSON.stringify(each.slice(0, 120))).to.equal(null);
  });
});

describe('how long a key is looked at', () => {
  const key = makeKey(ID);
  const keyring = async (): Promise<Keyring> => {
    const usable = [{ id: ID, lineage: ID, name: 'orders', scopes: ['stock:read' as const], expiresAt: null, hash: key.hash }];
    const ring = new Keyring({
      store: { usable: async () => ({ now: 0, everMade: true, keys: usable }) },
      onFault: () => {},
      now: () => 0,
    });
    await ring.refresh();
    return ring;
  };
  const wrongSecret = makeKey(ID).text;
  const unknownId = `hf_${OTHER_ID}_${key.text.slice(-64)}`;

  it('says nothing of it: an unknown id and a wrong secret are compared as a right one is, whole and in constant time', async () => {
    const ring = await keyring();
    const genuine = crypto.timingSafeEqual;
    const lengths: number[][] = [];
    crypto.timingSafeEqual = (left, right) => {
      lengths.push([left.byteLength, right.byteLength]);
      return genuine(left, right);
    };
    syncBuiltinESMExports();
    try {
      expect(ring.principalOf(key.text)?.id).to.equal(ID);
      for (const text of [wrongSecret, unknownId]) expect(ring.principalOf(text)).to.equal(null);
    } finally {
      crypto.timingSafeEqual = genuine;
      syncBuiltinESMExports();
    }
    expect(lengths).to.deep.equal([
      [32, 32],
      [32, 32],
      [32, 32],
    ]);
  });

  it('is the same to a clock, too', async () => {
    const ring = await keyring();
    const near = `${key.text.slice(0, -1)}${key.text.endsWith('0') ? '1' : '0'}`;
    const texts = [near, wrongSecret, unknownId];
    const times = texts.map((): number[] => []);
    // In turns, so that whatever else the machine does slows all of them alike.
    for (let round = 0; round < 3_000; round += 1)
      texts.forEach((text, index) => {
        const begunAt = process.hrtime.bigint();
        ring.principalOf(text);
        times[index]?.push(Number(process.hrtime.bigint() - begunAt));
      });
    const medians = times.map((all) => all.sort((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0);
    // A look that ended at the id, before a hash is made of the secret, would take a third of the time or less.
    expect(Math.max(...medians), String(medians)).to.be.below(2 * Math.min(...medians));
  });
});

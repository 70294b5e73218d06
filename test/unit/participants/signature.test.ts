// Owns the tests of signatures: what Standard Webhooks publishes to test with, a rotation, and no more work than there is.
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { Signer } from '../../../src/participants/signature.ts';

/** Of the specification's own libraries. */
const PUBLISHED = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atMs: 1_614_265_330_000,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const OTHER = `whsec_${Buffer.alloc(64, 7).toString('base64')}`;

describe('the signature of a call', () => {
  const { secret, id, atMs, body, signature } = PUBLISHED;

  it('is what the specification publishes', () => {
    expect(new Signer().headersFor([secret], id, atMs + 999, body)).to.deep.equal([
      ...['webhook-id', id, 'webhook-timestamp', '1614265330', 'webhook-signature', signature],
    ]);
  });

  it('is there once for each secret that lives, and follows them as they change', () => {
    const signer = new Signer();
    const signatures = (secrets: readonly string[]) => signer.headersFor(secrets, id, atMs, body).at(-1)?.split(' ');
    const [other] = signatures([OTHER]) ?? [];
    expect(other)
      .to.match(/^v1,[A-Za-z0-9+/]{43}=$/)
      .and.not.equal(signature);
    expect(signatures([secret])).to.deep.equal([signature]);
    expect(signatures([OTHER, secret])).to.deep.equal([other, signature]);
    expect(signatures([secret, OTHER])).to.deep.equal([signature, other]);
    expect(signatures([OTHER])).to.deep.equal([other]);
    expect(signer.headersFor([], id, atMs, body)).to.deep.equal([]);
  });

  it('is of the bytes that are sent', () => {
    const text = '{"payload":"é🦊\\ud800"}';
    const [, key = ''] = OTHER.split('_');
    const expected = createHmac('sha256', Buffer.from(key, 'base64'))
      .update(Buffer.from(`${id}.1614265330.${text}`))
      .digest('base64');
    expect(new Signer().headersFor([OTHER], id, atMs, text).at(-1)).to.equal(`v1,${expected}`);
  });
});

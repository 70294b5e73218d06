// Owns the tests of the participant library's check of signatures: what the specification publishes, and all that must not pass.
import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { NotSigned, type SignatureHeaders, verifierOf } from '../../src/participant/signature.ts';

/** Of the specification's own libraries. */
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HEADERS = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: '1614265330',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
};
const BODY = '{"test": 2432232314}';
const MADE_AT_MS = 1_614_265_330_000;
const OTHER = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function signed(secret: string, { id = HEADERS.id, timestamp = HEADERS.timestamp, body = BODY } = {}): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

interface Attempt {
  readonly secrets?: readonly string[];
  readonly headers?: Partial<SignatureHeaders>;
  readonly body?: string;
  readonly atMs?: number;
  readonly toleranceMs?: number;
}

/** @returns 'passed', or why not */
function check({
  secrets = [SECRET],
  headers = {},
  body = BODY,
  atMs = MADE_AT_MS,
  toleranceMs = 300_000,
}: Attempt = {}): string {
  try {
    verifierOf(secrets, toleranceMs, () => atMs)({ ...HEADERS, ...headers }, Buffer.from(body));
    return 'passed';
  } catch (error) {
    if (!(error instanceof NotSigned)) throw error;
    return error.message;
  }
}

describe('the check of a signature', () => {
  it('passes what the specification publishes', () => {
    expect(check()).to.equal('passed');
  });

  it('passes a signature by either secret, among others, while one takes the place of the other', () => {
    expect(check({ secrets: [OTHER, SECRET] })).to.equal('passed');
    expect(check({ secrets: [SECRET, OTHER] })).to.equal('passed');
    const both = `${signed(OTHER)} ${HEADERS.signature}`;
    expect(check({ headers: { signature: both } })).to.equal('passed');
    expect(check({ headers: { signature: both }, secrets: [OTHER] })).to.equal('passed');
    expect(check({ headers: { signature: `v1a,${HEADERS.signature.slice(3)} v2,x ${HEADERS.signature}` } })).to.equal('passed');
  });

  it('lets nothing pass that was signed with neither', () => {
    expect(check({ secrets: [OTHER] })).to.match(/does not fit/);
    expect(check({ headers: { signature: signed(OTHER) } })).to.match(/does not fit/);
    // The key is what the text stands for, not the text.
    const asText = createHmac('sha256', SECRET).update(`${HEADERS.id}.${HEADERS.timestamp}.${BODY}`).digest('base64');
    expect(check({ headers: { signature: `v1,${asText}` } })).to.match(/does not fit/);
  });

  it('lets nothing pass that was changed', () => {
    const { id, timestamp, signature } = HEADERS;
    const changed: Attempt[] = [
      ...[{ body: `${BODY} ` }, { body: BODY.slice(0, -1) }, { body: '' }, { body: '{"test":2432232314}' }],
      ...[`${id}x`, id.slice(1), id.toLowerCase(), `${id}, ${id}`].map((other) => ({ headers: { id: other } })),
      ...['1614265331', `0${timestamp}`].map((other) => ({ headers: { timestamp: other } })),
      // The dots between the parts are no part of them.
      { headers: { id: `${id}.${timestamp}`, timestamp: '1' } },
    ];
    for (const attempt of changed) expect(check(attempt), JSON.stringify(attempt)).to.match(/does not fit/);
    const signatures = [
      ...[signature.slice(0, -1), signature.slice(0, 10), signature.slice(0, 3), signature.slice(3), signature.toLowerCase()],
      ...[signature.replace('v1,', 'v2,'), signature.replace('v1,', 'v1, '), `${signature}=`, `${signature},${signature}`],
      ...[signature.replace('/', '_'), ` v1,`, 'v1,é'],
    ];
    for (const other of signatures) expect(check({ headers: { signature: other } }), other).to.match(/does not fit/);
  });

  it('asks for all three headers', () => {
    for (const name of ['id', 'timestamp', 'signature'] as const) {
      expect(check({ headers: { [name]: undefined } }), name).to.match(/is not signed/);
      expect(check({ headers: { [name]: '' } }), name).to.match(/is not signed/);
    }
    for (const timestamp of ['x', '-1', '1.5', '1e9', ' 1', '0x1', '9'.repeat(13)]) {
      expect(check({ headers: { timestamp, signature: signed(SECRET, { timestamp }) } }), timestamp).to.match(/is not signed/);
    }
  });

  it('passes nothing that is older or newer than it may be, and tells the time only to who knows the secret', () => {
    for (const aheadS of [-300, -1, 0, 1, 300])
      expect(check({ atMs: MADE_AT_MS + aheadS * 1000 }), `${aheadS}`).to.equal('passed');
    expect(check({ atMs: MADE_AT_MS + 301_000 })).to.match(/made 301 s ago/);
    expect(check({ atMs: MADE_AT_MS - 301_000 })).to.match(/made 301 s ahead/);
    expect(check({ atMs: MADE_AT_MS + 3_000, toleranceMs: 2_000 })).to.match(/made 3 s ago/);
    expect(check({ atMs: MADE_AT_MS + 301_000, secrets: [OTHER] })).to.match(/does not fit/);
  });

  it('takes no secrets that are none, and shows none', () => {
    const bad = [
      ...[[], [SECRET, OTHER, SECRET], [''], ['whsec_'], [SECRET.slice(6)], [`${SECRET}=`], [SECRET.slice(0, -4)], [SECRET, '']],
      ...[[`whsec_${Buffer.alloc(65).toString('base64')}`], [SECRET.replace('Z', '-')], [` ${SECRET}`], SECRET, null, [null]],
    ];
    for (const secrets of bad) {
      const attempt = (): unknown => verifierOf(secrets as never, 1000);
      expect(attempt, JSON.stringify(secrets)).to.throw(TypeError, /^(?!.*whsec_[A-Za-z0-9])/);
    }
  });
});

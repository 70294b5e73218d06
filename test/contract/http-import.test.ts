// The import of stock over HTTP: streamed, row by row, good rows land and bad ones are named (contract, section 3).
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { Command, CountStockCommand } from '../../src/coordinator/command.ts';
import { HttpFixture } from '../support/http-fixture.ts';
import { refuse } from '../support/port-fake.ts';

const CSV = { 'content-type': 'text/csv; charset=utf-8' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

describe('the import over HTTP', () => {
  const http = HttpFixture.forSuite(
    { requestTimeoutMs: 600, headersTimeoutMs: 300, connectionsCheckingIntervalMs: 50 },
    { bodyStallTimeoutMs: 500 },
  );
  afterEach(() => http.expectNothingAtErrorLevel());
  const send = (raw: string, headers: Record<string, string> = CSV) =>
    http.call('POST', '/v1/stock/import', undefined, { raw, headers });
  const stored = () => [...http.port.rows.values()].map((row) => [row.sku, row.warehouse, row.available]);

  it('takes CSV with columns in any order, quotes, CRLF, a byte order mark and blank lines', async () => {
    const answer = await send(
      '\uFEFFavailable,"sku",warehouse\r\n5,SKU-1,west\r\n\r\n"6","SKU-2",\r\n7 , SKU-3,"a/b"\r\n   \r\n0,SKU-4,west',
    );
    expect(answer.body).to.deep.equal({ accepted: 4, rejected: 0, errors: [] });
    expect(stored()).to.deep.equal([
      ['SKU-1', 'west', 5],
      ['SKU-2', 'default', 6],
      ['SKU-3', 'a/b', 7],
      ['SKU-4', 'west', 0],
    ]);
  });

  it('names bad rows by line, the header being line 1, and lands the good ones around them', async () => {
    const lines = [
      'sku,warehouse,available',
      'A,w,1',
      'B,w,-1',
      'C,w',
      'D,w,"1',
      'E,w,1e3',
      'F F,w,1',
      `${'x'.repeat(70_000)},w,1`,
      'G,w,',
      'H,w,2',
    ];
    const answer = await send(lines.join('\n'));
    expect([answer.body.accepted, answer.body.rejected]).to.deep.equal([2, 7]);
    expect(answer.body.errors.map((one: { line: number }) => one.line)).to.deep.equal([3, 4, 5, 6, 7, 8, 9]);
    expect(answer.body.errors[5].code).to.equal('body-too-large');
    expect(answer.body.errors.every((one: { detail: string }) => one.detail !== '')).to.equal(true);
  });

  it('takes NDJSON, and rows counted on hand', async () => {
    const answer = await send(
      '{"sku":"A","onHand":3}\n\nnot json\n{"sku":"A","available":1,"x":2}\n{"sku":"B","available":1,"warehouse":"w","reason":"count"}\n',
      NDJSON,
    );
    expect([answer.body.accepted, answer.body.rejected]).to.deep.equal([2, 2]);
    expect(answer.body.errors.map((one: { line: number; code: string }) => [one.line, one.code])).to.deep.equal([
      [3, 'malformed-json'],
      [4, 'invalid-request'],
    ]);
    expect((http.port.commands[0] as CountStockCommand).counted).to.deep.equal({ onHand: 3 });
    expect((await send('', NDJSON)).body).to.deep.equal({ accepted: 0, rejected: 0, errors: [] });
  });

  it('refuses a file whose header makes no sense, as a whole', async () => {
    for (const header of [
      '',
      'a,b,c',
      'sku,warehouse',
      'sku,available,onHand',
      'sku,sku,available',
      'SKU-1,default,5',
      'sku,"available',
      'x'.repeat(70_000),
    ]) {
      const code = header.length > 65_536 ? 'body-too-large' : 'invalid-request';
      await http.refused(header.length > 65_536 ? 413 : 400, code, 'POST', '/v1/stock/import', undefined, {
        raw: `${header}\nA,w,1\n`,
        headers: CSV,
      });
      expect(http.port.commands).to.deep.equal([]);
    }
    await http.refused(415, 'unsupported-media-type', 'POST', '/v1/stock/import', undefined, {
      raw: 'a',
      headers: { 'content-type': 'text/csv; charset=latin1' },
    });
    await http.refused(415, 'unsupported-media-type', 'POST', '/v1/stock/import', undefined, {
      raw: 'a',
      headers: { ...CSV, 'content-encoding': 'gzip' },
    });
  });

  it('keeps the order of rows on one counter, and a bound on what is in flight', async () => {
    let inFlight = 0;
    let most = 0;
    http.port.intercept = async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await sleep(1);
      inFlight -= 1;
      return null;
    };
    const rows = Array.from({ length: 1_000 }, (_, n) => `S-${n},w,${n}`);
    const answer = await send(['sku,warehouse,available', ...rows, 'S-1,w,7', 'S-1,w,8', 'S-1,w,9'].join('\n'));
    expect(answer.body.accepted).to.equal(1_003);
    expect(http.port.rows.get('S-1 w')?.available).to.equal(9);
    expect(most).to.be.within(2, 200);
  });

  it('names the first 1,000 bad rows and counts them all', async () => {
    const answer = await send(`sku,available\n${'bad\n'.repeat(1_500)}A,1\n`);
    expect([answer.body.accepted, answer.body.rejected, answer.body.errors.length]).to.deep.equal([1, 1_500, 1_000]);
  });

  it('waits where the coordinator is busy, sending the same command again', async () => {
    const seen: Command[] = [];
    http.port.intercept = (command) => (seen.push(command) < 3 ? refuse('overloaded') : null);
    expect((await send('sku,available\nA,1\n')).body.accepted).to.equal(1);
    expect(new Set(seen.map((command) => (command as CountStockCommand).id)).size).to.equal(1);
  });

  it('lets a long upload take longer than the request timeout while it moves, and gives up on one that stands still', async () => {
    const socket = connect(http.portNumber, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    const line = (row: string) => `${row.length.toString(16)}\r\n${row}\r\n`;
    socket.write(
      `POST /v1/stock/import HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n${line('sku,available\n')}`,
    );
    for (let n = 0; n < 6; n += 1) {
      await sleep(200);
      socket.write(line(`S-${n},${n}\n`));
    }
    socket.write('0\r\n\r\n');
    await once(socket, 'close');
    expect(text).to.match(/^HTTP\/1\.1 200 .*"accepted":6/s);
    const head =
      'POST /v1/stock/import HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\nsku,available\n';
    expect(await http.raw(head, 4_000)).to.match(/^HTTP\/1\.1 408 .*"retryable":true/s);
  });

  it('stops between rows when the coordinator shuts down, saying how far it came', async () => {
    http.port.intercept = () => {
      http.isDraining = true;
      return null;
    };
    const rows = Array.from({ length: 400 }, (_, n) => `S-${n},1`).join('\n');
    const answer = await http.refused(503, 'overloaded', 'POST', '/v1/stock/import', undefined, {
      raw: `sku,available\n${rows}\n`,
      headers: CSV,
    });
    expect(answer.body.accepted).to.be.greaterThan(0);
  });
});

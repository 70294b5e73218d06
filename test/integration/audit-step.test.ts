// Owns the tests of the look for known holes: real npm, asked of a registry that answers as the test says.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { makeFolderForTheRun } from '../support/folder.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/audit.mjs', import.meta.url));

interface Told {
  readonly code: number | null;
  readonly line: string;
}

/** With a cache of its own: npm remembers what it was told of a package. */
async function auditAt(port: number): Promise<Told> {
  const child = spawn(
    process.execPath,
    [SCRIPT, `--registry=http://127.0.0.1:${port}/`, `--cache=${await makeFolderForTheRun()}`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let line = '';
  child.stdout.on('data', (chunk: Buffer) => {
    line += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, line };
}

/** A registry that knows this of `pg`, and nothing else; null: it offers no audit. */
async function registry(severity: string | null): Promise<Server> {
  const server = createServer((request, response) => {
    const isAudit = request.url?.endsWith('/advisories/bulk') === true;
    response.statusCode = isAudit ? (severity === null ? 405 : 200) : 404;
    response.setHeader('content-type', 'application/json');
    const advisory = { id: 1, url: 'https://example.com/1', title: 'a hole', severity, vulnerable_versions: '*' };
    response.end(isAudit && severity !== null ? JSON.stringify(severity === 'none' ? {} : { pg: [advisory] }) : '{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the look for known holes', function () {
  this.timeout(90_000);

  const told = async (severity: string | null): Promise<Told> => {
    const server = await registry(severity);
    const answer = await auditAt((server.address() as AddressInfo).port);
    server.closeAllConnections();
    server.close();
    return answer;
  };

  it('fails on what is high or critical in production, by name', async () => {
    for (const severity of ['high', 'critical']) {
      const { code, line } = await told(severity);
      expect(code, line).to.equal(1);
      expect(line).to.match(/^npm audit: known holes in .*\bpg \(\w+\).*\n$/);
    }
  });

  it('lets pass what is less, and nothing at all', async () => {
    for (const severity of ['moderate', 'none']) {
      expect(await told(severity)).to.deep.equal({
        code: 0,
        line: 'npm audit: no known hole that is high or critical in what runs in production\n',
      });
    }
  });

  it('is skipped in one line where the registry offers none, or is not there', async () => {
    const none = await told(null);
    expect(none).to.deep.equal({ code: 0, line: 'npm audit: skipped, there is no report (the registry offers no audit: 405)\n' });
    const away = await auditAt(1);
    expect(away.code).to.equal(0);
    expect(away.line).to.match(/^npm audit: skipped, there is no report \(.+\)\n$/);
  });
});

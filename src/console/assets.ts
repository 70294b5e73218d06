// Owns the console's page and what it is made of: the files of one folder, read once at the start, served under a policy that lets
// nothing in from outside. What is not in the folder is not there.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { problem } from '../errors.ts';
import { type Express, headerOf, type Request, type Response } from '../http/context.ts';
import { namesTag } from '../http/headers.ts';
import { takeOnly } from '../http/methods.ts';
import { sendProblem } from '../http/reply.ts';
import { dataHeaders, pageHeaders } from '../http/security-headers.ts';

/** Beside this file, as it stands and as it is packed (package.json, prepack). */
export const PAGE_FOLDER = fileURLToPath(new URL('./page/', import.meta.url));
const INDEX = 'index.html';

/** What a browser is told a file is; a file of another kind is not served. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

export const CONSOLE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly etag: string;
}

/** @throws where the folder has no page: a broken installation */
export function readAssets(folder: string): ReadonlyMap<string, Asset> {
  const names = readdirSync(folder).filter((name) => TYPES[extname(name)] !== undefined);
  if (!names.includes(INDEX)) throw new Error(`${folder} has no ${INDEX}: the installation is incomplete`);
  return new Map(
    names.map((name) => {
      const bytes = readFileSync(`${folder}/${name}`);
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      return [name, { type: TYPES[extname(name)] ?? '', bytes, etag }] as const;
    }),
  );
}

export function addAssetRoutes(app: Express, folder: string): void {
  const assets = readAssets(folder);
  app.get('/console', (request, response) => sendAsset(assets.get(INDEX), request, response));
  // Relative links would lead astray from there.
  app.get('/console/', (_request, response) => {
    response.writeHead(308, ['Location', '/console', 'Content-Length', '0', ...dataHeaders(response)]);
    response.end();
  });
  app.get('/console/assets/:file', (request, response) => {
    const { file } = request.params;
    sendAsset(file === INDEX ? undefined : assets.get(file), request, response);
  });
  for (const path of ['/console', '/console/', '/console/assets/:file']) takeOnly(app, path, 'GET, HEAD');
}

function sendAsset(asset: Asset | undefined, request: Request, response: Response): void {
  if (asset === undefined) {
    sendProblem(request, response, problem('not-found', 'The console has no such file.'));
    return;
  }
  const { type, bytes, etag } = asset;
  const headers = [...['ETag', etag, 'Cache-Control', 'no-cache'], ...pageHeaders(response, CONSOLE_POLICY)];
  if (namesTag(headerOf(request, 'if-none-match'), etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, ['Content-Type', type, 'Content-Length', String(bytes.length), ...headers]);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

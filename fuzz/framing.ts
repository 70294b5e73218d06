// Owns how a request is put on the wire: as it should be, or in one of the ways that no client should and some do.
import type { FuzzRequest } from './requests.ts';

/** How a body is told apart from what follows it, and what else may be wrong with a head. */
export const FRAMINGS = [
  ...(['length', 'chunked', 'length and chunked', 'two lengths', 'another coding', 'no chunk', 'long chunk line'] as const),
  ...([
    'no host',
    'two hosts',
    'odd host',
    'folded',
    'no colon',
    'space before colon',
    'NUL in a header',
    'bare line feeds',
  ] as const),
  ...(['HTTP/1.0', 'HTTP/9.9', 'small method', 'many headers', 'long header', 'twice of each header'] as const),
] as const;
export type Framing = (typeof FRAMINGS)[number];

/** What every reader reads alike; the others may be refused, and are by most. */
export const SOUND: ReadonlySet<Framing> = new Set(['length', 'chunked', 'twice of each header']);

const CHUNK_BYTES = 7;
const MOST_CHUNKS = 40;

export function bytesOf(request: FuzzRequest, credential: readonly [string, string] | null): Buffer {
  const { method, target, headers, framing, cutAt } = request;
  const own = credential === null ? [] : [credential];
  const twice = framing === 'twice of each header' ? headers.filter(([name]) => name !== 'Content-Type') : [];
  const fields = [...own, ...headers, ...twice].map(([name, value]) => `${name}: ${value}`);
  const { told, body } = framed(request);
  const version = framing === 'HTTP/1.0' || framing === 'HTTP/9.9' ? framing : 'HTTP/1.1';
  const line = `${framing === 'small method' ? method.toLowerCase() : method} ${target} ${version}`;
  const lineEnd = framing === 'bare line feeds' ? '\n' : '\r\n';
  const head = [line, ...hostOf(framing), ...fields, ...told, ...extraOf(framing), '', ''].join(lineEnd);
  return Buffer.concat([Buffer.from(head), body.subarray(0, cutAt ?? undefined)]);
}

function framed({ body, framing }: FuzzRequest): { readonly told: readonly string[]; readonly body: Buffer } {
  if (body === null) return { told: [], body: Buffer.alloc(0) };
  const length = `Content-Length: ${body.length}`;
  const coding = 'Transfer-Encoding: chunked';
  switch (framing) {
    case 'chunked':
      return { told: [coding], body: inChunks(body) };
    case 'length and chunked':
      return { told: [length, coding], body: inChunks(body) };
    case 'two lengths':
      return { told: [length, `Content-Length: ${body.length + 1}`], body };
    case 'another coding':
      return { told: ['Transfer-Encoding: gzip, chunked'], body: inChunks(body) };
    case 'no chunk':
      return { told: [coding], body: Buffer.from('zz\r\n') };
    case 'long chunk line':
      return { told: [coding], body: Buffer.from(`2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`) };
    default:
      return { told: [length], body };
  }
}

function inChunks(body: Buffer): Buffer {
  const size = Math.max(CHUNK_BYTES, Math.ceil(body.length / MOST_CHUNKS));
  const parts: Buffer[] = [];
  for (let from = 0; from < body.length; from += size) {
    const part = body.subarray(from, from + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

function hostOf(framing: Framing): readonly string[] {
  if (framing === 'no host') return [];
  if (framing === 'two hosts') return ['Host: localhost', 'Host: elsewhere.example'];
  return framing === 'odd host' ? ['Host: local host/@#'] : ['Host: localhost'];
}

function extraOf(framing: Framing): readonly string[] {
  switch (framing) {
    case 'folded':
      return ['X-Folded: a', ' b'];
    case 'no colon':
      return ['X-Nothing'];
    case 'space before colon':
      return ['X-Space : a'];
    case 'NUL in a header':
      return ['X-Nul: a\0b'];
    case 'many headers':
      return Array.from({ length: 150 }, (_, index) => `X-Many-${index}: 1`);
    case 'long header':
      return [`X-Long: ${'l'.repeat(140_000)}`];
    default:
      return [];
  }
}

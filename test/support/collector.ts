// Owns an OpenTelemetry collector for tests: a real HTTP server that takes OTLP traces in JSON and remembers their spans.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { atTheEnd } from './end.ts';

type Value = string | number | boolean | undefined;

export interface CollectedSpan {
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'other';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where it is the first of its trace. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly as: Value;
    readonly transactionId: Value;
  }[];
  readonly isError: boolean;
  /** In ms since 1970. */
  readonly start: number;
  readonly end: number;
  readonly service: Value;
}

export interface Collector {
  /** Settings with which a coordinator sends here, at once and in JSON. */
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  /** In the order of arrival. */
  readonly spans: readonly CollectedSpan[];
  /** All that came, as it came. */
  readonly bodies: readonly string[];
  /** The media types of the requests that came. */
  readonly mediaTypes: readonly string[];
  /** Waits for the spans that meet a condition. @throws where there are not so many in time */
  wait(condition: (span: CollectedSpan) => boolean, count?: number): Promise<readonly CollectedSpan[]>;
}

const WAIT_LIMIT_MS = 15_000;
const KINDS: readonly CollectedSpan['kind'][] = ['other', 'internal', 'server', 'client'];

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const mediaTypes: string[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const mediaType = request.headers['content-type'] ?? '';
    mediaTypes.push(mediaType);
    bodies.push(body);
    if (request.url === '/v1/traces' && mediaType === 'application/json') spans.push(...spansOf(JSON.parse(body)));
    response.writeHead(200, { 'content-type': mediaType }).end(mediaType === 'application/json' ? '{}' : '');
  });
  await listen(server);
  atTheEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    spans,
    bodies,
    mediaTypes,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_BSP_SCHEDULE_DELAY: '50' },
    wait: async (condition, count = 1) => {
      const deadline = performance.now() + WAIT_LIMIT_MS;
      for (;;) {
        const found = spans.filter(condition);
        if (found.length >= count) return found;
        if (performance.now() > deadline) {
          throw new Error(`${found.length} of ${count} such spans came; there are: ${spans.map(({ name }) => name).join(', ')}`);
        }
        await delay(20);
      }
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
}

interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly Attribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string; readonly attributes?: readonly Attribute[] }[];
  readonly status?: { readonly code?: number };
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

function spansOf({ resourceSpans }: OtlpTraces): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = valuesOf(resource.attributes)['service.name'];
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(span, service)));
  });
}

function spanOf(span: OtlpSpan, service: Value): CollectedSpan {
  const { name, traceId, spanId, parentSpanId = '', links = [] } = span;
  return {
    ...{ name, traceId, spanId, parentSpanId, service },
    kind: KINDS[span.kind] ?? 'other',
    attributes: valuesOf(span.attributes ?? []),
    links: links.map((link) => ({
      traceId: link.traceId,
      spanId: link.spanId,
      as: valuesOf(link.attributes ?? [])['holdfast.link'],
      transactionId: valuesOf(link.attributes ?? [])['holdfast.transaction.id'],
    })),
    isError: span.status?.code === 2,
    start: Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000,
    end: Number(BigInt(span.endTimeUnixNano) / 1000n) / 1000,
  };
}

function valuesOf(attributes: readonly Attribute[]): Record<string, Value> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? (value.intValue === undefined ? undefined : Number(value.intValue)),
    ]),
  );
}

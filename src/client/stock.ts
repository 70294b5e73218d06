// Owns the calls about stock: what each sends, and whether it may be sent again.
import type { ImportReport, Movement, Page, Stock, StockHistoryEntry, StockWithTag } from './answers.ts';
import type { Answered, Body } from './attempt.ts';
import { eachOf } from './pages.ts';
import type {
  CallOptions,
  CountOptions,
  ImportOptions,
  StockCount,
  StockFilter,
  StockHistoryFilter,
  StockMovement,
} from './requests.ts';
import { isImportReport, isMovement, isPage, isStock } from './shapes.ts';
import { pathOf, type Send } from './transport.ts';
import { uuid7 } from './uuid7.ts';

const MEDIA_TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;

/** Every call throws HoldfastError, HoldfastUnavailable, or the reason of its signal. */
export class StockCalls {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Reads the counters of one SKU.
   * @throws HoldfastError `unknown-sku`
   */
  async get(sku: string, options: CallOptions = {}): Promise<StockWithTag> {
    return tagged(
      await this.#send({ method: 'GET', path: pathOf`/v1/stock/${sku}`, repeat: 'freely', isAnswer: isStock, options }),
    );
  }

  /** Every SKU that fits, page after page. */
  list(filter: StockFilter = {}): AsyncGenerator<Stock, void, undefined> {
    const { prefix, skus, pageSize, ...options } = filter;
    return eachOf(async (cursor) => {
      const query = { prefix, sku: skus, limit: pageSize, cursor };
      const answer = await this.#send({ method: 'GET', path: '/v1/stock', query, repeat: 'freely', isAnswer: isPage, options });
      return answer.body as Page<Stock>;
    });
  }

  /**
   * Receives, writes off or adjusts, under an id that makes a repeat harmless.
   * @throws HoldfastError `insufficient-stock` where available would fall below 0
   */
  async move(movement: StockMovement, options: CallOptions = {}): Promise<Movement> {
    const id = movement.id ?? uuid7();
    const json = { ...movement, id };
    const path = '/v1/stock/movements';
    const answer = await this.#send({ method: 'POST', path, json, repeat: 'freely', isAnswer: isMovement, ids: [id], options });
    return answer.body as Movement;
  }

  /**
   * Sets what was counted. Without `ifMatch` it is repeated after a lost answer: the value is absolute, and the last one counts.
   * With `ifMatch` it is not, because a repeat would be refused by the version that the first one made: read again then.
   * @throws HoldfastError `version-mismatch`
   */
  async count(sku: string, count: StockCount, options: CountOptions = {}): Promise<StockWithTag> {
    const { ifMatch } = options;
    const answer = await this.#send({
      method: 'PUT',
      path: pathOf`/v1/stock/${sku}`,
      headers: ifMatch === undefined ? {} : { 'if-match': ifMatch },
      json: count,
      repeat: ifMatch === undefined ? 'freely' : 'when-refused',
      isAnswer: isStock,
      options,
    });
    return tagged(answer);
  }

  /** Every movement and reservation of one SKU, newest first, page after page. */
  history(sku: string, filter: StockHistoryFilter = {}): AsyncGenerator<StockHistoryEntry, void, undefined> {
    const { warehouse, pageSize, ...options } = filter;
    return eachOf(async (cursor) => {
      const query = { warehouse, limit: pageSize, cursor };
      const path = pathOf`/v1/stock/${sku}/history`;
      const answer = await this.#send({ method: 'GET', path, query, repeat: 'freely', isAnswer: isPage, options });
      return answer.body as Page<StockHistoryEntry>;
    });
  }

  /**
   * Sends a file of counts, of any length: good rows land, bad ones are named. There is no time limit but the options' own.
   * Rows are absolute, so the whole is repeated after a lost answer, except a stream, which can be read once only.
   */
  async import(rows: Body, options: ImportOptions): Promise<ImportReport> {
    const raw = { type: MEDIA_TYPES[options.format], body: rows };
    const repeat = rows instanceof ReadableStream ? 'never' : 'freely';
    const answer = await this.#send({
      method: 'POST',
      path: '/v1/stock/import',
      raw,
      repeat,
      isAnswer: isImportReport,
      pace: 'any',
      options,
    });
    return answer.body as ImportReport;
  }
}

function tagged(answer: Answered): StockWithTag {
  return { ...(answer.body as Stock), etag: answer.headers.get('etag') };
}

// Owns the shop: everything that takes part, started on free ports and on databases of its own in a temporary folder, with
// goods on the shelf and money on the cards; and all of it ended without a trace.
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastClient } from 'holdfast/client';
import pg from 'pg';
import { startEmbedded } from '../../../src/embedded/servers.ts';
import { type Service, startService } from './processes.ts';
import { layWire, type Wire } from './wire.ts';

export interface Shop {
  readonly client: HoldfastClient;
  readonly orders: string;
  readonly payments: string;
  readonly wire: Wire;
  /** Ends the payment service with SIGKILL, and waits until it is gone. */
  killPayments(): Promise<void>;
  /** Starts it again at the same address, as whatever watches over a real one would. */
  restartPayments(): Promise<void>;
}

const COORDINATOR = new URL('../../../src/main.ts', import.meta.url);
const ORDERS = new URL('../order-service.ts', import.meta.url);
const PAYMENTS = new URL('../payment-service.ts', import.meta.url);
const OPEN_ACCOUNT = 'INSERT INTO payment.account (card, balance_cents) VALUES ($1, $2)';
/** What a card can pay, in cents. */
const CARDS = { 'card-of-ada': 100_000, 'card-of-bob': 1_000 } as const;
const STOCK = { COFFEE: 10, GRINDER: 1 } as const;
/** Shorter than the default of a second, so that nobody who watches has to wait. */
const RETRY = { initialMs: 200, maxMs: 1_000 } as const;

/** @param ends is given whatever must be ended, as it is started: it ends a shop that is half open, too */
export async function openShop(ends: AsyncDisposableStack): Promise<Shop> {
  // At once, so that no interruption can come between making it and saying who removes it.
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-example-'));
  ends.defer(() => rm(folder, { recursive: true, force: true }));
  // As root, the servers run as another user, who must be able to pass through; what lies below is private by itself.
  await chmod(folder, 0o711);
  const [coordinator, databaseUrl] = await Promise.all([
    startService(ends, COORDINATOR, { HOLDFAST_DATA_DIR: join(folder, 'coordinator'), LOG_LEVEL: 'warn' }),
    startDatabase(ends, join(folder, 'payments')),
  ]);
  // Given to both sides; without one in the registration the coordinator makes one, and shows it in that answer.
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const settings = { DATABASE_URL: databaseUrl, PAYMENT_SECRETS: secret };
  let payments: Service = await startService(ends, PAYMENTS, settings);
  const address = payments.url;
  const wire = await layWire(ends, address);
  const orders = await startService(ends, ORDERS, { HOLDFAST_URL: coordinator.url });
  const client = new HoldfastClient({ url: coordinator.url });
  await client.participants.put('payment', { url: `${wire.url}/payment`, retry: RETRY, secret });
  for (const [sku, available] of Object.entries(STOCK)) await client.stock.count(sku, { available });
  await openAccounts(databaseUrl);
  return {
    client,
    orders: orders.url,
    payments: address,
    wire,
    killPayments: () => payments.kill(),
    restartPayments: async () => {
      payments = await startService(ends, PAYMENTS, { ...settings, PORT: new URL(address).port });
    },
  };
}

/** The payment service's own server: what the coordinator stores is none of its business, and the reverse. */
async function startDatabase(ends: AsyncDisposableStack, dataDir: string): Promise<string> {
  if (ends.disposed) throw new Error('everything is being ended already');
  const log = { info: () => {}, warn: console.error, error: console.error };
  const starting = startEmbedded({ dataDir, needPostgres: true, needRedis: false, log });
  // Told before it runs, so that an interruption meanwhile ends it, too. A start that fails leaves nothing to stop.
  ends.defer(() => starting.then((servers) => servers.stop()).catch(() => {}));
  const { databaseUrl } = await starting;
  if (databaseUrl === null) throw new Error('PostgreSQL was asked for, and none was started');
  return databaseUrl;
}

async function openAccounts(connectionString: string): Promise<void> {
  const database = new pg.Client({ connectionString });
  await database.connect();
  try {
    for (const [card, cents] of Object.entries(CARDS)) await database.query(OPEN_ACCOUNT, [card, cents]);
  } finally {
    await database.end();
  }
}

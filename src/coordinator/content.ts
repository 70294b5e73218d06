// Owns what "the same content" means (I7): canonical text and its SHA-256, and the id that an Idempotency-Key stands for. Pure.
import { hash } from 'node:crypto';
import type { BasketItem, ContentHash, MovementKind } from './model.ts';

/** A Try with its defaults filled in and its items merged and sorted (basket.ts). */
export interface TryContent {
  readonly items: readonly BasketItem[];
  readonly timeoutMs: number;
  readonly reference: string | null;
  /** As parsed from JSON, not as text: the order of its keys does not count. */
  readonly metadata: unknown;
  /** In the order given, which is the order they are answered in; absent where there are none. */
  readonly branches?: readonly BranchContent[];
}

export interface BranchContent {
  readonly participant: string;
  /** As parsed from JSON; null and absent are the same. */
  readonly payload?: unknown;
}

export interface MovementContent {
  readonly sku: string;
  readonly warehouse: string;
  readonly movementKind: MovementKind;
  readonly quantity: number;
  readonly reason: string | null;
}

export interface RefundContent {
  /** Null: all that is left. */
  readonly items: readonly BasketItem[] | null;
  readonly reason: string | null;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The hash of a Try's content. The leading word keeps the hashes of different calls apart, here as below. */
export function hashOfTry(content: TryContent): ContentHash {
  // Branches stand in the text from the start, so that the hash of a basket without any stays what it is.
  const text = `try{"branches":${branchesText(content.branches)},"items":${itemsText(content.items)},"metadata":${canonicalJson(content.metadata)},"reference":${JSON.stringify(content.reference)},"timeoutMs":${content.timeoutMs}}`;
  return hash('sha256', text) as ContentHash;
}

/** The hash of a stock movement's content. */
export function hashOfMovement(content: MovementContent): ContentHash {
  const text = `movement{"kind":"${content.movementKind}","quantity":${content.quantity},"reason":${JSON.stringify(content.reason)},"sku":${JSON.stringify(content.sku)},"warehouse":${JSON.stringify(content.warehouse)}}`;
  return hash('sha256', text) as ContentHash;
}

/** The hash of a refund's content. */
export function hashOfRefund(content: RefundContent): ContentHash {
  const items = content.items === null ? 'null' : itemsText(content.items);
  return hash('sha256', `refund{"items":${items},"reason":${JSON.stringify(content.reason)}}`) as ContentHash;
}

function branchesText(branches: readonly BranchContent[] = []): string {
  if (branches.length === 0) return '[]';
  return canonicalJson(branches.map(({ participant, payload }) => ({ participant, payload: payload ?? null })));
}

function itemsText(items: readonly BasketItem[]): string {
  let text = '[';
  for (const item of items) {
    if (text.length > 1) text += ',';
    text += `[${JSON.stringify(item.sku)},${JSON.stringify(item.warehouse)},${item.quantity}]`;
  }
  return `${text}]`;
}

/**
 * One text for every way to write the same JSON value: object keys sorted by code unit at every depth, no white space.
 * Recursive: the caller bounds the depth, by the size (metadata is at most 4 KiB) or by itself (of a payload).
 * @param value as JSON.parse gives it
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  // Object.entries reads own keys alone, so a key called `__proto__` is a key like any other.
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}

/** Whether a text is a UUID of any version, in either case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * The id an Idempotency-Key stands for: a UUID is taken as it is (in lower case), any other text is hashed into a UUID of
 * version 8 (RFC 9562, 5.8). The same text always gives the same id; spaces of ids are separate, so one key may serve a Try and
 * a movement.
 * @param key 1–255 characters; checked by the caller
 */
export function idFromKey(key: string): string {
  if (isUuid(key)) return key.toLowerCase();
  const digest = hash('sha256', `idempotency-key:${key}`);
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

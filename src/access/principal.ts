// Owns who may call, once that is known: a principal and its scopes (contract, section 8). Pure.

/** Every scope there is, in the order they are shown. */
export const SCOPES = [
  'transactions:read',
  'transactions:write',
  'stock:read',
  'stock:write',
  'operations:read',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Whoever a key or a token stands for. */
export interface Principal {
  readonly kind: 'key' | 'token';
  /** The key's id, or the token's subject. */
  readonly id: string;
  /** For people: the key's name, or the token's subject. */
  readonly name: string;
  /** A UUID that stays the same through every rotation of a key: what is counted for a caller is counted under it. */
  readonly lineage: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** `admin` may do everything (contract, section 8). */
export function mayUse(principal: Principal, scope: Scope): boolean {
  return principal.scopes.has(scope) || principal.scopes.has('admin');
}

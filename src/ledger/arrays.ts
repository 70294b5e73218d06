// Owns the text form of PostgreSQL arrays. Joining is several times cheaper than pg's own conversion, which matters for
// thousands of elements a batch; each function says which values it is safe for.

const NEEDS_ESCAPE = /["\\]/g;

/** For values without commas, quotes, braces or spaces: uuids, numbers, booleans, hex. */
export function plainArray(values: readonly (string | number | boolean)[]): string {
  return `{${values.join(',')}}`;
}

/** For SKUs and warehouses, whose characters (contract, section 2) need no escape inside quotes. */
export function nameArray(values: readonly string[]): string {
  return values.length === 0 ? '{}' : `{"${values.join('","')}"}`;
}

/** For any text. */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value.replace(NEEDS_ESCAPE, '\\$&')}"`)).join(',')}}`;
}

/** For hex digests, as bytea. */
export function byteaArray(hexDigests: readonly string[]): string {
  return hexDigests.length === 0 ? '{}' : `{"\\\\x${hexDigests.join('","\\\\x')}"}`;
}

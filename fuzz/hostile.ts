// Owns the values that no careful caller would send: bounds and beyond, text that breaks readers, shapes that are not asked for.

export const NUMBERS: readonly string[] = [
  ...['0', '-0', '-1', '1', '2', '0.5', '1e3', '1e308', '1e309', '-1e309', '1E-400', '1.0000000000000001'],
  ...['255', '256', '32767', '65536', '2147483647', '2147483648', '4294967296', '1000000000', '1000000001'],
  ...['9007199254740991', '9007199254740992', '9223372036854775807', '9223372036854775808', '1'.repeat(400)],
];

export const TEXTS: readonly string[] = [
  ...['', ' ', '.', '..', '/', '\\', '%', '%00', '%zz', '\u0000', '\n', '\r\n', '\t', '\u001b[31m', '\u007f', '\u0085'],
  ...['\ud800', '\udc00', '\ud83d\ude00', '\ufeff', '\ufffe', '\u202e', '\u2028', '\u2029', 'e\u0301', '\u200b', 'ß', 'İ', 'ﬃ'],
  ...[
    "'",
    '"',
    '`',
    ';',
    '--',
    "' OR 1=1 --",
    '$1',
    `$${'{x}'}`,
    '{{x}}',
    '<script>',
    '&lt;',
    '../../etc/passwd',
    'file:///etc/passwd',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'null', 'undefined', 'NaN', 'true', '[object Object]'],
  ...['a'.repeat(128), 'a'.repeat(129), 'a'.repeat(5_000), '\ud83d\ude00'.repeat(128), '\u0301'.repeat(300)],
  ...['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', '0193b0a4-7c1e-7d00-8000-00000000000g'],
  ...[
    '2026-02-30T00:00:00Z',
    '2026-11-22T08:00:00',
    '9999-12-31T23:59:59.999Z',
    '-000001-01-01T00:00:00Z',
    '+275760-09-13T00:00:00Z',
  ],
];

/** As JSON text: what stands where something else is asked for. */
export const SHAPES: readonly string[] = [
  ...[
    'null',
    'true',
    'false',
    '[]',
    '{}',
    '""',
    '[[]]',
    '[null]',
    '{"":""}',
    '{"__proto__":{"admin":true}}',
    '{"constructor":{}}',
  ],
  ...[
    '[1,2,3]',
    '"\\ud800"',
    '"\\u0000"',
    '{"a":1,"a":2}',
    `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
    `${'{"a":'.repeat(800)}1${'}'.repeat(800)}`,
  ],
];

/** Whole bodies that are hardly JSON, or not at all. */
export const BODIES: readonly (string | Buffer)[] = [
  ...[
    '',
    ' ',
    '{',
    '}',
    '[',
    '"',
    '{]',
    '{"a"}',
    "{'a':1}",
    '{"a":1,}',
    '[1,]',
    'nul',
    'NaN',
    '{"a":Infinity}',
    '//x\n{}',
    '\ufeff{}',
  ],
  ...['{"items":[{"sku":"FUZZ-1","quantity":1}]}garbage', '{"items":1}\u0000', 'sku,available\nFUZZ-1,5\n', 'a=1&b=2'],
  ...[
    Buffer.from([0xff, 0xfe, 0x7b, 0x00]),
    Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
    Buffer.alloc(70_000, 0x20),
  ],
];

export const CONTENT_TYPES: readonly string[] = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=utf-16',
    'application/json; charset="utf-8"',
  ],
  ...[
    'text/plain',
    'text/json',
    'application/merge-patch+json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ],
  ...['text/csv', 'application/x-ndjson', 'text/csv; charset=latin1', 'APPLICATION/JSON', 'json', ';', '*/*', 'a'.repeat(300)],
];

/** Name and value; sent beside whatever else the request has. */
export const HEADERS: readonly (readonly [string, string])[] = [
  ...([
    ['Prefer', 'return=minimal'],
    ['Prefer', 'wait=0'],
    ['Prefer', 'wait=1, return=minimal'],
    ['Prefer', 'wait=-1'],
    ['Prefer', 'wait=1e99'],
    ['Prefer', 'return=everything; wait=x, ,,;=;'],
    ['Prefer', ','.repeat(3_000)],
    ['If-Match', '*'],
    ['If-Match', '"1-1"'],
    ['If-Match', 'W/"1-1", "x'],
    ['If-Match', '""""'],
    ['If-None-Match', '*'],
    ['Idempotency-Key', 'once'],
    ['Idempotency-Key', ''],
    ['Idempotency-Key', 'k'.repeat(256)],
    ['Idempotency-Key', '\u00ff\u00fe'],
    ['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['traceparent', '00-00000000000000000000000000000000-0000000000000000-00'],
    ['traceparent', 'ff-x'],
    ['traceparent', '0'.repeat(600)],
    ['Accept', 'text/html'],
    ['Accept', 'application/xml;q=0.9, */*;q=0'],
    ['Accept', ';;;,,,'],
    ['Accept-Encoding', 'gzip, br'],
    ['Content-Encoding', 'gzip'],
    ['Content-Encoding', 'identity'],
    ['Range', 'bytes=0-10'],
    ['Expect', '100-continue'],
    ['Expect', '200-ok'],
    ['X-Request-Id', 'fuzz-1'],
    ['X-Request-Id', '\u00e9"}{\\'],
    ['X-Forwarded-For', '127.0.0.1, ::1, x'],
    ['X-Forwarded-Proto', 'https'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['Origin', 'https://evil.example'],
    ['Origin', 'null'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['Cookie', 'holdfast_session=hf_x; holdfast_session='],
    ['X-Holdfast-Console', '1'],
    ['Upgrade', 'websocket'],
  ] as const),
];

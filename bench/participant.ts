// Owns the no-op participant: reads what it is asked, says yes at once, and remembers nothing. Whatever calls to it cost is the
// cost of HTTP.
import { createServer } from 'node:http';
import { serve } from './listen.ts';

// The length is said: without it the answer would go in chunks, which both sides pay for.
const HEADERS = { 'content-type': 'application/json', 'content-length': 2 };

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, HEADERS).end('{}'));
});

serve('the participant', server);

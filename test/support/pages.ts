// Owns the shell lines of the operations page, for tests that run them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** @returns the lines below a comment that begins with these words */
export function linesOf(words: string): string {
  const page = readFileSync(fileURLToPath(new URL('../../docs/operations.md', import.meta.url)), 'utf8');
  const [, lines] = new RegExp(`\`\`\`sh\\n# ${words}[^\\n]*\\n([^\`]+)\`\`\``).exec(page) ?? [];
  if (lines === undefined) throw new Error(`docs/operations.md has no lines for ${words}`);
  return lines;
}

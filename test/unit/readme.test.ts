// Holds the README's settings table to src/settings.ts. On a mismatch the message is the table as it should be.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { SETTINGS, type Setting } from '../../src/settings.ts';

function settingsTable(): string {
  const rows = Object.values<Setting>(SETTINGS).map((setting) => {
    const fallback = setting.fallback === null ? 'none' : `\`${setting.fallback}\``;
    return `| \`${setting.name}\` | ${fallback} | ${setting.meaning} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

describe('README', () => {
  it('lists every setting with its default and meaning', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, table] = /<!-- settings:.*-->\n([\s\S]*?)\n<!-- \/settings -->/.exec(readme) ?? [];
    expect(table, `the table should be:\n${settingsTable()}\n`).to.equal(settingsTable());
  });
});

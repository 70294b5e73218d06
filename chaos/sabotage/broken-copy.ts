// Owns the broken copy: the source of a coordinator with one sabotage in it, in a folder of its own.
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SABOTAGES, type SabotageName } from './catalogue.ts';
import type { Replacement } from './sabotage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** All that src/main.ts is made of, and what tsc needs to look at it. */
const PARTS = ['src', 'workflows', 'sql', 'package.json', 'tsconfig.json'];

/**
 * @param folder made anew: what is there goes; whoever asks removes it
 * @param source the tree that is copied
 * @returns the absolute path of the broken tree
 * @throws Error where the sabotage does not fit the source any more
 */
export async function makeBrokenCopy(name: SabotageName, folder: string, source = ROOT): Promise<string> {
  const tree = resolve(folder);
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
  for (const part of PARTS) await cp(join(source, part), join(tree, part), { recursive: true });
  await symlink(join(source, 'node_modules'), join(tree, 'node_modules'));
  for (const replacement of SABOTAGES[name].replacements) await replaceIn(tree, name, replacement);
  return tree;
}

async function replaceIn(tree: string, name: SabotageName, { file, find, replace }: Replacement): Promise<void> {
  const path = join(tree, file);
  const [before, after, ...more] = (await readFile(path, 'utf8')).split(find);
  if (before === undefined || after === undefined || more.length > 0) {
    const found = after === undefined ? 'nowhere' : 'more than once';
    throw new Error(`The sabotage ${name} no longer fits the code: ${file} has ${found} ${JSON.stringify(find)}.`);
  }
  await writeFile(path, before + replace + after);
}

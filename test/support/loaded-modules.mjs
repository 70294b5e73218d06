// Preloaded into a coordinator (NODE_OPTIONS=--import=…): writes down each module that it loads, one a line, in the file that
// LOADED_MODULES_FILE names.
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const file = process.env.LOADED_MODULES_FILE;
if (file !== undefined) {
  registerHooks({
    load: (url, context, next) => {
      appendFileSync(file, `${url}\n`);
      return next(url, context);
    },
  });
}

// The way in: `npm start`, and the process that WORKERS forks.
import { serve } from './runtime/serve.ts';

await serve(process.env);

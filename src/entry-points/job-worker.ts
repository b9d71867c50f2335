import { startWorker } from '../composition.ts';
import { runProcess } from '../infrastructure/lifecycle.ts';

await runProcess(process.env, startWorker);

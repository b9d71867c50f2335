import { runMigrations } from '../composition.ts';
import { runOnce } from '../infrastructure/lifecycle.ts';

await runOnce(process.env, runMigrations);

// Loaded into a process by NODE_OPTIONS=--import=…: then SIGUSR2 makes it collect its garbage, so that what it keeps
// can be measured.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => collect());

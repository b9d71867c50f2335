import { spawn } from 'node:child_process';
import type { Ask } from './servers.ts';

const END = '-- that was it --';

/**
 * Asks a program in a container that reads questions from its standard input: one that stays, as starting one for each
 * question would cost the container more than the question. @param echo what makes the program print a line.
 */
export const askInside = (
  containerId: string,
  command: readonly string[],
  echo: (text: string) => string,
) => {
  const child = spawn('docker', ['exec', '-i', containerId, ...command], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let output = '';
  let waiting: { resolve(answer: string): void; reject(error: Error): void } | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    const end = output.indexOf(END);
    if (end < 0) return;
    waiting?.resolve(output.slice(0, end));
    waiting = undefined;
    output = '';
  });
  const fail = () => {
    waiting?.reject(new Error(`${command[0]} in ${containerId.slice(0, 12)} has ended`));
    waiting = undefined;
  };
  child.on('error', fail).on('exit', fail);
  child.stdin.on('error', fail);
  const ask: Ask = (question) =>
    new Promise((resolve, reject) => {
      if (waiting || child.exitCode !== null)
        return reject(new Error('it has not answered the question before'));
      waiting = { resolve, reject };
      child.stdin.write(`${question}\n${echo(END)}\n`);
    });
  return { ask, close: () => void child.kill() };
};

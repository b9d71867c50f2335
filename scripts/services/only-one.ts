import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';

const answers = (path: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });

const listen = (path: string) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer((socket) => socket.end());
    server.once('error', reject);
    server.listen(path, () => resolve(server.unref()));
  });

/**
 * Holds a folder for this process: two Redises that append to one file would spoil it. A socket and no pid file,
 * because the system lets go of it however the process ends. Where the file system has no sockets, nothing is held.
 * @returns what lets go. @throws when another holds it.
 */
export const holdFolder = async (folder: string): Promise<() => void> => {
  // Windows knows pipes by name only; relative elsewhere, as a socket's path may have about 100 characters.
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\${process.cwd()}\\${folder}` : `${folder}/running`;
  if (await answers(path))
    throw new Error(`Another npm start or npm run dev already runs here, with the data in ${folder}/.`);
  rmSync(path, { force: true });
  const server = await listen(path).catch(() => undefined);
  return () => void server?.close();
};

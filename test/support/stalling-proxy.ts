import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between an API and a server, and can let everything that passes get stuck, as a network that fails does. */
export const startStallingProxy = async (target: { port: number }) => {
  const sockets = new Set<Socket>();
  let stalled = false;
  const proxy = createServer((client) => {
    const server = connect(target.port, '127.0.0.1');
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
      if (stalled) socket.pause();
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    stall: () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    connections: () => sockets.size / 2,
    /** Ends what is stuck as a process that dies does, and lets through what comes then. */
    breakOff: () => {
      stalled = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    resume: () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    },
  };
};

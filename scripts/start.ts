import { runToEnd } from './services/children.ts';
import { type Environment, runSystem, step } from './services/system.ts';

const sayWhereToLook = ({ PUBLIC_URL: url, ADMIN_EMAIL: email, ADMIN_PASSWORD: password }: Environment) => {
  console.log(`
Multiplex is ready.
  The cinema         ${url}
  Page of the API    ${url}/docs
  Try it             curl -i "${url}/v1/catalog/screenings?limit=1"
  Administrator      ${email}  ${password}
  Data and secrets   .multiplex/ (delete the folder to start anew)
  Stop               Ctrl-C
`);
};

process.exitCode = await runSystem({
  environment: process.env.NODE_ENV ?? 'production',
  node: ['node'],
  entryPoint: (name) => `dist/entry-points/${name}.js`,
  serve: ['node', 'dist/entry-points/one-machine-cluster.js'],
  page: 'web/dist',
  prepare: () =>
    step('Compiling', async () => {
      await runToEnd(['npm', 'run', '--silent', 'build']);
      await runToEnd(['npm', 'run', '--silent', 'build:page']);
    }),
  whenReady: sayWhereToLook,
});

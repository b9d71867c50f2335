import { runSystem } from './services/system.ts';

process.exitCode = await runSystem({
  environment: 'development',
  node: ['node', '--import', 'tsx'],
  entryPoint: (name) => `src/entry-points/${name}.ts`,
  serve: ['tsx', 'watch', '--clear-screen=false', 'src/entry-points/api-server.ts'],
  page: 'web',
  whenReady: ({ PUBLIC_URL: url }) =>
    console.log(`\nReady: ${url}; it reloads when a file in src or web changes.\n`),
});

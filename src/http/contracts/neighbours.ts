import { type Config, ConfigError } from '../../config.ts';
import type { Lifecycle } from '../../infrastructure/lifecycle.ts';
import type { Metrics } from '../../infrastructure/metrics.ts';
import type { Tracing } from '../../infrastructure/tracing.ts';
import { createContractClient } from './client.ts';
import type { Calls, Contract } from './contract.ts';
import type { InternalTokens } from './internal-tokens.ts';

/** A feature's own functions where this process serves it, its client where another does. */
export type CallsOf = <C extends Contract>(contract: C, own: { calls: Calls<C> }) => Calls<C>;

interface NeighbourParts {
  config: Config;
  metrics: Metrics;
  tracing?: Tracing | undefined;
  lifecycle: Lifecycle;
  tokens: InternalTokens;
}

/** Decides for each feature whether it is here or elsewhere, by FEATURES and NEIGHBOURS. */
export const createNeighbours = ({ config, lifecycle, ...parts }: NeighbourParts) => {
  const missing = new Set<string>();
  const serves = (name: string) => config.features.length === 0 || config.features.includes(name);

  const callsOf: CallsOf = (contract, own) => {
    if (serves(contract.feature)) return own.calls;
    const url = config.neighbours[contract.feature];
    if (!url) missing.add(contract.feature);
    const client = createContractClient(contract, url ?? 'http://nowhere.invalid', parts);
    lifecycle.onClose(`client of ${contract.name}`, client.close);
    return client.calls;
  };

  /** @throws {ConfigError} when FEATURES names what is not there, or a neighbour's address is missing. */
  const check = (names: readonly string[]): void => {
    const faults = config.features
      .filter((name) => !names.includes(name))
      .map((name) => `FEATURES: there is no ${name}; there are ${names.join(', ')}`);
    for (const name of missing)
      faults.push(`NEIGHBOURS: must say where ${name} is served, since FEATURES leaves it out`);
    if (faults.length > 0) throw new ConfigError(faults);
  };

  return { serves, callsOf, check };
};

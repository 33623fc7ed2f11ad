import type { SimulatedAgentOptions } from '../hello.ts';
import { createRandom } from '../random.ts';
import { checkout } from './checkout.ts';

const services = ['checkout', 'catalog', 'payments', 'search', 'mailer'] as const;
const environments = ['prod', 'prod', 'prod', 'staging'] as const;
const regions = ['eu-1', 'us-1', 'ap-1'] as const;

/** What the members of a fleet differ in; the same seed gives the same fleet. */
export function fleet(count: number, seed: number): Omit<SimulatedAgentOptions, 'url' | 'key'>[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const service = random.pick(services);
    const version = `1.${random.integer(0, 3)}.0`;
    const region = random.pick(regions);
    return {
      scenario: { ...checkout(), service },
      seed: random.integer(0, 2 ** 30),
      version,
      commit: version.replaceAll('.', 'c0ffee').padEnd(40, '0'),
      environment: random.pick(environments),
      host: `${region}-node-${index % 50}`,
      pod: `${service}-${index}`,
      tags: [region, `shard-${index % 4}`],
    };
  });
}

import { endpointOnly } from './floors.ts';
import { callTool } from './post.ts';
const e = await endpointOnly();
for (const era of ['legacy', 'modern'] as const) {
  for (let i = 0; i < 300; i++) await callTool(e.url, 'k', era, 'x', {});
  const c = process.cpuUsage(); const n = 1500;
  for (let i = 0; i < n / 10; i++) await Promise.all(Array.from({ length: 10 }, () => callTool(e.url, 'k', era, 'x', {})));
  const d = process.cpuUsage(c); console.log(era, ((d.user + d.system) / n).toFixed(0), 'µs CPU per call (client included)');
}
process.exit(0);

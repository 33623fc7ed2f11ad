import { version } from '../version.ts';
import { readStdioConfig } from './stdio-settings.ts';
import { type Command, readFlags } from './usage.ts';

/** For MCP clients that can only start a local program: everything they say on stdin goes to a bridge, and the answers to stdout. */
export const stdio: Command = {
  name: 'stdio',
  usage: `sidelight stdio [--api-key KEY] [--base-url URL]
  For MCP clients that only speak stdio: passes everything on to the bridge at URL (http://127.0.0.1:7433 by default).
  Reads SIDELIGHT_API_KEY and SIDELIGHT_BASE_URL where a flag is missing. Ends with its stdin, when
  what was asked is answered, at most 10 s later. -h, --help; -v, --version.`,
  async run(args) {
    const text = { type: 'string' } as const;
    const { values } = readFlags(args, {
      ...{ 'api-key': text, 'base-url': text },
      ...{ help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    });
    if (values.help === true || values.version === true) {
      process.stdout.write(`${values.help === true ? stdio.usage : version}\n`);
      return 0;
    }
    const config = readStdioConfig(values, process.env);
    const { proxyStdio } = await import('./stdio-proxy.ts');
    await proxyStdio(config, (line) => process.stderr.write(`sidelight stdio: ${line}\n`));
    return 0;
  },
};

import { homedir } from 'node:os';
import { openApi } from '../api/openapi.ts';
import { refusals } from '../lib/refusal.ts';
import { settings } from '../settings.ts';
import { allTools } from '../tools/all.ts';
import { createRegistry, type ListedTool } from '../tools/registry.ts';
import { version } from '../version.ts';
import { stdioSettings } from './stdio-settings.ts';

/** File name → content of every document made from code. */
export function printedDocs(): Record<string, string> {
  return {
    ...{ 'tools.md': toolsPage(), 'errors.md': errorsPage(), 'configuration.md': configurationPage() },
    'openapi.json': `${JSON.stringify(openApi(createRegistry(allTools).listed, version), null, 2)}\n`,
  };
}

/** The part of a portable JSON Schema that the tables show. */
interface Shown {
  type?: string;
  description?: string;
  properties?: Record<string, Shown>;
  required?: string[];
  items?: Shown;
}

const printed = (source: string) => `<!-- Printed from ${source} by \`npm run docs\`; do not edit. -->\n`;

function toolsPage(): string {
  const tools = createRegistry(allTools).listed;
  return [
    printed('src/tools'),
    '# Tools',
    '',
    `What an assistant can call. Every answer is \`structuredContent\` and the same as text; every answer carries \`requestId\` and \`latencyMs\`. Which of them a caller may use: [policies.md](policies.md). Refusals: [errors.md](errors.md).`,
    '',
    ...tools.flatMap(toolSection),
  ].join('\n');
}

function toolSection({ name, title, description, inputSchema, outputSchema, annotations }: ListedTool): string[] {
  const hints = (['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const).map(
    (hint) => `${hint} ${annotations[hint]}`,
  );
  return [
    `## ${name}: ${title}`,
    '',
    description,
    '',
    `Annotations: ${hints.join(', ')}.`,
    '',
    '| input | type | |',
    '|---|---|---|',
    ...rows(inputSchema as Shown, ''),
    '',
    '| answer | type | |',
    '|---|---|---|',
    ...rows(outputSchema as Shown, ''),
    '',
  ];
}

function rows({ properties = {}, required = [] }: Shown, prefix: string): string[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const isList = schema.type === 'array';
    const inner = isList ? (schema.items ?? {}) : schema;
    const path = `${prefix}${name}${isList ? '[]' : ''}`;
    const must = required.includes(name) && prefix === '' ? ' (required)' : '';
    const row = `| \`${path}\` | ${inner.type ?? 'any'}${must} | ${cell(schema.description ?? '')} |`;
    return [row, ...(inner.type === 'object' ? rows(inner, `${path}.`) : [])];
  });
}

function errorsPage(): string {
  return [
    printed('src/lib/refusal.ts'),
    '# Errors',
    '',
    'A refusal has a stable `code`, a sentence, often the `field` at fault and the `next` step. From a tool it is a result with `isError: true`, the code in `structuredContent.error`; HTTP errors (no token, wrong host, body too large) carry the status.',
    '',
    '| code | HTTP | meaning |',
    '|---|---|---|',
    ...Object.entries(refusals).map(([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${cell(meaning)} |`),
    '',
  ].join('\n');
}

function configurationPage(): string {
  const home = homedir();
  return [
    printed('src/settings.ts'),
    '# Configuration',
    '',
    'A flag wins over the environment variable, the variable over the default.',
    '',
    '| setting | flag | variable | default | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(settings).map(([name, setting]) => {
      const unit = 'unit' in setting ? ` ${setting.unit}` : '';
      const value = name === 'policiesDirectory' ? 'shipped' : setting.default.replace(home, '~');
      return `| ${name} | \`--${setting.flag}\` | \`${setting.env}\` | ${value === '' ? '–' : `\`${value}\`${unit}`} | ${cell(setting.meaning)} |`;
    }),
    '',
    'What `sidelight stdio` reads, which connects a client to a bridge and is none itself:',
    '',
    '| setting | flag | variable | default | meaning |',
    '|---|---|---|---|---|',
    ...Object.entries(stdioSettings).map(
      ([name, { flag, env, default: value, meaning }]) =>
        `| ${name} | \`--${flag}\` | \`${env}\` | ${value === '' ? '–' : `\`${value}\``} | ${cell(meaning)} |`,
    ),
    '',
  ].join('\n');
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

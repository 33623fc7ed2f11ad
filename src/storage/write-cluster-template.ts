import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeTemplate, templatePath } from './cluster-template.ts';

// A step of the build: run as a program, it leaves the template where `readTemplate` looks for it.
const path = templatePath();
const template = Buffer.from(await (await makeTemplate()).arrayBuffer());
await mkdir(dirname(path), { recursive: true });
await writeFile(`${path}.${process.pid}`, template);
await rename(`${path}.${process.pid}`, path);

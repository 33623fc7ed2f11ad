const { readFileSync, unlinkSync } = require('node:fs');
const { writeHeapSnapshot } = require('node:v8');

async function* two() {
  yield 1;
  yield 2;
}

/** Goes through so many async generators. */
async function go(times) {
  let sum = 0;
  for (let turn = 0; turn < times; turn += 1) for await (const one of two()) sum += one;
  return sum; // <- gone
}

/** Entries of V8's list of async functions that run. */
function listed(file) {
  writeHeapSnapshot(file);
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8'));
  unlinkSync(file);
  const name = strings.indexOf('system / PromiseOnStack');
  const fields = snapshot.meta.node_fields;
  let count = 0;
  for (let at = fields.indexOf('name'); at < nodes.length; at += fields.length) if (nodes[at] === name) count += 1;
  return count;
}

module.exports = { go, listed };

// Runs itself again with other columns: an action on its line has a place in each copy.
'use strict';
const { readFileSync } = require('node:fs');
const { runInThisContext } = require('node:vm');

function pay(price) {
  const db = `postgres://till:s0urce-line@db.example/${price}`; // <- here
  return db;
}

module.exports = pay;
if (require.main === module) {
  const moved = readFileSync(__filename, 'utf8').replace('  const db', '    const db');
  const copy = runInThisContext(`(function (module, require, __filename) {${moved}\n})`, { filename: __filename });
  const second = {};
  copy(second, require, __filename);
  setInterval(() => [pay, second.exports].map((run) => run(7)), 50);
}

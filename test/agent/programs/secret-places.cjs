// Holds secrets wherever a value can be text, in a language that was patched after the agent was loaded.
'use strict';
const token = ['gh', 'p_', 'a8Fk2LmQ9zZt4Rb7Wc1Yd5Nv3Ge6Hj0PsUoT'].join('');
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty } = Reflect;
let watching = false;
const called = [];
function patch(target) {
  for (const key of ownKeys(target)) {
    const { value, configurable } = getOwnPropertyDescriptor(target, key);
    if (key === 'constructor' || typeof value !== 'function' || !configurable) continue;
    const told = function (...args) {
      if (!watching) return apply(value, this, args);
      called[called.length] = key;
      return '';
    };
    defineProperty(target, key, { value: told, writable: true, configurable: true });
  }
}

function pay(pass) {
  const text = `first ${token}, then`;
  const split = `${'.'.repeat(240)} ${token}${' and more'.repeat(1_000)}`;
  const byName = { [token]: { deep: true } };
  const again = byName[token];
  const map = new Map([[token, 'x'], ['header', `Authorization: Bearer ${token}`]]);
  const set = new Set([`?access_token=${pass}gr4nt-4-you`]);
  const error = new Error(`failed with ${token}`);
  const symbol = Symbol(token);
  const regexp = new RegExp(token);
  const json = JSON.stringify({ body: JSON.stringify({ password: 'hunt3r-two', note: 'kept' }) });
  const named = { [token]: () => {} }[token];
  const boxed = Object(token);
  const tagged = { [Symbol.toStringTag]: token };
  watching = true;
  // GET /?access_token=ab0ve-f1rst
  // GET /?access_token=ab0ve-s3cond
  const db = 'postgres://till:s0urce-line@db.example/till'; // <- here
  // GET /?access_token=bel0w-f1rst
  // GET /?access_token=bel0w-s3cond
  watching = false;
  return [text, split, byName, again, map, set, error, symbol, regexp, json, named, boxed, tagged, db];
}

function again() {
  const db = 'postgres://till:c0py-line@db.example/till';
  // GET /?access_token=bel0w-th1rd
  return db;
}

const byToken = { [token]: (pass) => pay(pass) };

for (const type of [String, Array, Map, Set, RegExp, Symbol, Number]) patch(type.prototype);
setInterval(() => {
  byToken[token](7);
  again();
  if (called.length > 0) process.stdout.write(`called ${called.map(String).join(' ')}\n`);
}, 50);

'use strict';
const http = require('node:http');
const moduleText = 'module';
function helper() {}
let ran = [];
const million = new Array(1_000_000).fill(7);
class Card { #pin = 1; number = '4111'; get brand() { ran.push('brand'); return 'x'; } has(p) { return this.#pin === p; } }

exports.ran = () => ran;
exports.values = function values(first, ...rest) {
  const text = 'x'.repeat(1000);
  const circular = { name: 'loop' };
  circular.self = circular;
  const huge = million;
  const deep = { a: { b: { c: { d: 1 } } } };
  const shared = { one: deep.a, two: deep };
  const withGetter = { plain: 1, get trap() { ran.push('getter'); return 1; }, toString() { ran.push('toString'); return ''; } };
  const proxy = new Proxy({}, { get() { ran.push('get'); }, getOwnPropertyDescriptor() { ran.push('gopd'); }, ownKeys() { ran.push('ownKeys'); return []; }, getPrototypeOf() { ran.push('gpo'); return null; }, has() { ran.push('has'); return false; } });
  const behindProxy = Object.create(proxy);
  const map = new Map([['key', { deep: 1 }], [{ k: 1 }, 2]]);
  const set = new Set([1, 'two']);
  class Tricky extends Map { get size() { ran.push('size'); return 0; } entries() { ran.push('entries'); } [Symbol.iterator]() { ran.push('iterator'); } }
  const tricky = new Tricky([[1, 2]]);
  const buffer = Buffer.from('hello world, this is a buffer');
  const date = new Date(0);
  date.toISOString = () => { ran.push('iso'); return ''; };
  const broken = new Date(NaN);
  const regexp = /a\/b/giu;
  Object.defineProperty(regexp, 'flags', { get() { ran.push('flags'); return ''; } });
  const error = new TypeError('bad', { cause: new Error('why') });
  error.code = 'E_BAD';
  const stackTrap = new Error('trap');
  Object.defineProperty(stackTrap, 'stack', { get() { ran.push('stack'); return ''; } });
  class Named extends Error { get name() { ran.push('name'); return 'n'; } }
  const named = new Named('with a name that runs');
  const promise = Promise.resolve(1);
  const symbol = Symbol('tag');
  const bigint = 12345678901234567890n;
  const numbers = [-0, NaN, Infinity, 0.5];
  const card = new Card();
  const nothing = null;
  const missing = undefined;
  const fn = function named() {};
  const boxed = new String('boxed');
  const password = 'hunter2';
  const account = { apiKey: 'k', owner: 'o' };
  const sparse = [1, , 3];
  const closed = () => first;
  const nul = Object.assign(Object.create(null), { x: 1 });
  closed(); void http; void helper; void moduleText; void rest;
  return text.length; // <- here
};

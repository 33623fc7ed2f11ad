const turn = () => new Promise((resolve) => setImmediate(resolve));
let result;

async function innermost() {
  await turn();
  return result; // <- async
}
async function middle() {
  return 1 + (await innermost());
}
const arrow = async () => {
  await turn();
  return (await middle()) + 1;
};
class Service {
  async handle() {
    return (await arrow()) + 1;
  }
}
export async function outermost() {
  result = 1;
  return (await new Service().handle()) + 1;
}

async function* produce() {
  await turn();
  yield result; // <- asyncGenerator
}
async function consume() {
  let sum = 0;
  for await (const value of produce()) sum += value;
  return sum;
}
export async function stream() {
  result = 2;
  return (await consume()) + 1;
}

function* walk() {
  yield 1;
  yield result; // <- generator
}
function collect() {
  return [...walk()].length;
}
export function gather() {
  return collect() + 1;
}

async function part(text) {
  await turn();
  return text.length; // <- all
}
async function parts() {
  return (await Promise.all([part('a'), part('b')])).length;
}
export async function everything() {
  return (await parts()) + 1;
}

export async function detached() {
  return new Promise((resolve) => {
    setTimeout(() => {
      resolve(result); // <- timer
    }, 1);
  });
}

import { early } from './first.mjs';

// Runs while every binding of the other module is in its dead zone.
let sum = 0;
for (let times = 0; times < 3_000; times += 1) sum += early(times);
export { sum };

// Opens and closes the inspector's port by itself, again and again.
const inspector = require('node:inspector');
let passes = 0;
let isOpen = false;
function count(step) {
  passes += step;
  return passes; // <- here
}
setInterval(() => count(1), 20);
setInterval(() => {
  if (isOpen) inspector.close();
  else inspector.open(0, '127.0.0.1');
  isOpen = !isOpen;
}, 50);
console.log('ready');

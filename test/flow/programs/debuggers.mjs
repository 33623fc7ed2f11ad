// Imported before the agent: on SIGUSR2 the program says how many inspector sessions are open in it.
import { Session } from 'node:inspector';

const open = new Set();
const { connect, disconnect } = Session.prototype;

Session.prototype.connect = function connectCounted() {
  connect.call(this);
  open.add(this);
};
Session.prototype.disconnect = function disconnectCounted() {
  disconnect.call(this);
  open.delete(this);
};

process.on('SIGUSR2', () => console.log(`debuggers: ${open.size}`));

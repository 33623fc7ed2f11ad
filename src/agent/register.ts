import { start } from './start.ts';

// For `node --import`: the agent is the process's; worker threads of the program are not processes.
start();

/** Captures for everybody: they can be carried, stored and counted, but opened only inside redaction/ (see open.ts). */
export { RawCapture, ScrubbedCapture } from './open.ts';

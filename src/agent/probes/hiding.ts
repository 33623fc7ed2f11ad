import type { AgentPolicy, Located, Place, StackFrame, StateFrame } from '../../protocol/frames.ts';
import { limits } from '../../protocol/limits.ts';
import { compileNameRules } from '../../protocol/names.ts';
import { Secrets } from '../../protocol/secrets.ts';
import { indexOf, slice } from '../intrinsics.ts';
import type { HiddenName, Rules } from '../values/capture.ts';
import { push } from '../values/lists.ts';
import { warmUpSearch } from './warm-up.ts';

type State = Omit<StateFrame, 't' | 'n'>;
type Counts = Record<string, number>;

/** What the policy hides, and what is told of the program beside its values: lines of its source, and words that quote them. */
export class Hiding implements Rules {
  hidden: HiddenName = () => undefined;
  secrets: Secrets | undefined;

  setRules({ names, secrets }: AgentPolicy): void {
    const hidden = compileNameRules(names);
    this.hidden = hidden;
    this.secrets = secrets === undefined ? undefined : new Secrets(secrets, hidden);
    if (this.secrets !== undefined) warmUpSearch(this.secrets);
  }

  /** Adds what it hides to `counts`, by rule. */
  place<Told extends Place>(place: Told, counts: Counts = {}): Told {
    const { function: name, text } = place;
    return {
      ...place,
      ...(name === undefined ? {} : { function: this.#name(name, counts) }),
      ...(text === undefined ? {} : { text: this.#line(text, counts) }),
    };
  }

  /** A program can give its functions any name while it runs. Adds what it hides to `counts`. */
  stack(frames: readonly StackFrame[], counts: Counts): StackFrame[] {
    return each(frames, (frame) => ({ ...frame, function: this.#name(frame.function, counts) }));
  }

  located(told: Located): Located {
    const places = each(told.places, (place) => ({
      ...this.place(place),
      before: this.#lines(place.before),
      after: this.#lines(place.after),
    }));
    return { ...told, places, ...(told.message === undefined ? {} : { message: this.#words(told.message) }) };
  }

  state(told: State): State {
    const { at, engine, lastError, message, problem } = told;
    const deployed = problem?.deployed;
    return {
      ...told,
      ...(at === undefined ? {} : { at: each(at, (place) => this.place(place)) }),
      ...(engine === undefined ? {} : { engine: { ...engine, why: this.#words(engine.why) } }),
      ...(lastError === undefined ? {} : { lastError: this.#words(lastError) }),
      ...(message === undefined ? {} : { message: this.#message(message, deployed?.[0]) }),
      ...(deployed === undefined ? {} : { problem: { ...problem, deployed: this.#lines(deployed) } }),
    };
  }

  #lines(lines: readonly string[]): string[] {
    return each(lines, (line) => this.#line(line));
  }

  /** Lines are cut where they are read. */
  #line(line: string, counts: Counts = {}): string {
    return this.secrets?.hide(line, limits.maxLineChars, counts, line.length >= limits.maxLineChars) ?? line;
  }

  #name(name: string, counts: Counts): string {
    return this.secrets?.hide(name, limits.maxNameChars, counts, name.length >= limits.maxNameChars) ?? name;
  }

  /** Sentences are cut where they are made. */
  #words(words: string, isCut = words.length >= limits.maxMessageChars): string {
    return this.secrets?.hide(words, limits.maxMessageChars, {}, isCut) ?? words;
  }

  /** A line that is quoted may be cut, which the words behind it do not show. */
  #message(message: string, line: string | undefined): string {
    const at = line === undefined ? -1 : indexOf(message, line);
    if (line === undefined || at < 0) return this.#words(message);
    const told = `${slice(message, 0, at)}${this.#line(line)}${slice(message, at + line.length)}`;
    return this.#words(told, message.length >= limits.maxMessageChars);
  }
}

/** What `map` of arrays gives: a program may have changed that. */
function each<Element>(list: readonly Element[], change: (element: Element) => Element): Element[] {
  const changed: Element[] = [];
  for (let index = 0; index < list.length; index += 1) push(changed, change(list[index] as Element));
  return changed;
}

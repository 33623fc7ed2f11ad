import { mapGet } from '../intrinsics.ts';
import { later, soon } from '../later.ts';
import { type Edit, passEdits, spanEdits } from '../source/inserted.ts';
import type { GeneratedPlace, ScriptInfo, Spot } from '../source/spot.ts';
import { type Cell, defineCell, tokenName } from './cells.ts';
import { EnteredPass, namesAt, quickCount } from './entered-pass.ts';
import { LiveEdit } from './live-edit.ts';
import type { DebuggerSession } from './session.ts';
import { Shifts } from './shifts.ts';
import type { Frame, Pass, PlacingEngine, Site, Token } from './site.ts';

/** Code that no action uses any more goes after this: another action often follows at the same line. */
const tidyMs = 3_000;
/** When V8 cannot take it out now; doubled each time, and in the end it stays, doing nothing. */
const retryMs = 5_000;
const maxTries = 6;

/** One insertion; it stays, muted, until its script is restored. */
interface Mark {
  cell: Cell;
  edits: Edit[];
  site: Site | undefined;
  frame: Frame['function'];
}

/** A script whose code was changed. */
interface Edited {
  original: string;
  marks: Map<string, Mark>;
  tries: number;
  shifts: Shifts;
}

/** Calls inserted into running functions by V8's live edit. */
export class InsertedCode implements PlacingEngine {
  readonly name = 'live-edit';
  readonly #session: () => DebuggerSession | undefined;
  readonly #enter: (pass: Pass) => Token | undefined;
  readonly #changed: (scriptId: string) => void;
  readonly #tidied: () => void;
  readonly #liveEdit: LiveEdit;
  readonly #edited = new Map<string, Edited>();
  /** Ids of scripts that were ever edited, by path. */
  readonly #ids = new Map<string, string>();

  /** `changed` hears when a script's text is another one, `tidied` when no more has to be done to a script. */
  constructor(
    session: () => DebuggerSession | undefined,
    enter: (pass: Pass) => Token | undefined,
    changed: (scriptId: string) => void,
    tidied: () => void,
  ) {
    this.#changed = changed;
    this.#session = session;
    this.#enter = enter;
    this.#tidied = tidied;
    this.#liveEdit = new LiveEdit(session);
  }

  /** Why it cannot be used in this process. */
  get veto(): string | undefined {
    return this.#liveEdit.veto;
  }

  /** Whether a script still has to be put back. */
  get isUsing(): boolean {
    return [...this.#edited.values()].some(({ tries }) => tries < maxTries);
  }

  predictMs(scriptId: string): number {
    return this.#liveEdit.predictMs(scriptId);
  }

  /** The text of a changed script as it was. */
  originalText(scriptId: string): string | undefined {
    return this.#edited.get(scriptId)?.original;
  }

  /** Whether V8 keeps this only as a former version of a script that was edited. */
  isFormer({ id, path }: ScriptInfo): boolean {
    const edited = this.#ids.get(path);
    return edited !== undefined && edited !== id && Number(id) > Number(edited);
  }

  /** Where a place of the original text is now. */
  placeNow(scriptId: string, place: GeneratedPlace): GeneratedPlace {
    return this.#edited.get(scriptId)?.shifts.forward(place) ?? place;
  }

  /** Where a place was in the original text; undefined for inserted code. */
  placeBefore(scriptId: string, place: GeneratedPlace): GeneratedPlace | undefined {
    const edited = this.#edited.get(scriptId);
    return edited === undefined ? place : edited.shifts.back(place);
  }

  keyOf(spot: Spot, _at: GeneratedPlace, isSpan: boolean): string {
    return insertionKey(spot, isSpan);
  }

  install(site: Site): { problem: string; isTemporary: boolean } | undefined {
    const { script } = site.spot;
    const edited: Edited = this.#edited.get(script.id) ?? {
      original: this.#session()?.source(script.id) ?? '',
      marks: new Map(),
      tries: 0,
      shifts: new Shifts('', []),
    };
    const known = edited.marks.get(insertionKey(site.spot, site.isSpan));
    if (known !== undefined) {
      known.site = site;
      edited.tries = 0;
      this.update(site);
      return undefined;
    }
    const cell = defineCell();
    if (cell === undefined) return { problem: 'The global object is frozen, so no code can be inserted.', isTemporary: false };
    const edits = editsFor(site, cell);
    const applied = this.#liveEdit.apply(script.id, edited.original, [...allEdits(edited), ...edits]);
    if (!applied.ok) {
      cell.release();
      return { problem: applied.why, isTemporary: applied.isTemporary };
    }
    edited.marks.set(insertionKey(site.spot, site.isSpan), { cell, edits, site, frame: () => undefined });
    edited.tries = 0;
    edited.shifts = new Shifts(edited.original, this.#liveEdit.insertedIn(script.id));
    this.#edited.set(script.id, edited);
    this.#ids.set(script.path, script.id);
    this.#changed(script.id);
    this.update(site);
    return undefined;
  }

  update(site: Site): void {
    const mark = this.#markOf(site);
    if (mark === undefined) return;
    const quick = quickCount(site);
    const pass = new EnteredPass(
      site,
      namesAt(site.spot, site.isSpan).map(({ name }) => name),
    );
    const enter = this.#enter;
    mark.frame =
      quick === undefined
        ? (number: number, token: unknown, ...values: unknown[]) => enter(pass.begin(token, values, number === exitSite))
        : (_site: number, token: unknown) => {
            quick();
            return token;
          };
    if (!site.isAway) mark.cell.set(mark.frame);
  }

  mute(site: Site): void {
    this.#markOf(site)?.cell.set(undefined);
  }

  unmute(site: Site): void {
    const mark = this.#markOf(site);
    mark?.cell.set(mark.frame);
  }

  remove(site: Site): void {
    const mark = this.#markOf(site);
    if (mark === undefined) return;
    mark.cell.set(undefined);
    mark.site = undefined;
    later(() => this.#tidy(site.spot.script.id), tidyMs);
  }

  frameOf(site: Site): Frame {
    return { function: this.#markOf(site)?.frame ?? (() => undefined), below: 0 };
  }

  /** Puts every script back as soon as no function of the program runs; what stays does nothing. */
  restoreAll(): void {
    for (const [id, edited] of this.#edited) {
      for (const mark of edited.marks.values()) {
        mark.cell.set(undefined);
        mark.site = undefined;
      }
      soon(() => this.#tidy(id));
    }
  }

  #tidy(scriptId: string): void {
    const edited = this.#edited.get(scriptId);
    if (edited === undefined || [...edited.marks.values()].some(({ site }) => site !== undefined)) return;
    const restored = this.#liveEdit.restore(scriptId, edited.original);
    if (restored.ok) {
      for (const { cell } of edited.marks.values()) cell.release();
      this.#edited.delete(scriptId);
      this.#changed(scriptId);
    } else {
      edited.tries += 1;
      if (edited.tries < maxTries) later(() => this.#tidy(scriptId), retryMs * 2 ** (edited.tries - 1));
    }
    this.#tidied();
  }

  #markOf(site: Site): Mark | undefined {
    const edited = mapGet(this.#edited, site.spot.script.id);
    const mark = edited === undefined ? undefined : mapGet(edited.marks, insertionKey(site.spot, site.isSpan));
    return mark?.site === site ? mark : undefined;
  }
}

/** A place in a script's text; the same for every action that comes there. */
export function insertionKey(spot: Spot, isSpan: boolean): string {
  if (isSpan) return `span ${spot.function?.body.from}`;
  return 'why' in spot.insertion ? '' : `${spot.insertion.at} ${spot.insertion.wrapTo ?? ''}`;
}

function allEdits({ marks }: Edited): Edit[] {
  return [...marks.values()].flatMap(({ edits }) => edits);
}

/** Numbers of the two ends of a function; elsewhere there is only the first. */
const entrySite = 0;
const exitSite = 1;

function editsFor({ spot, isSpan }: Site, { name: cell }: Cell): Edit[] {
  const pass = { cell, site: entrySite, names: namesAt(spot, isSpan) };
  if (isSpan) return spot.function === undefined ? [] : spanEdits(spot.function, { ...pass, token: tokenName, exitSite });
  if ('why' in spot.insertion) return [];
  // At the top of a script a `var` would be a global.
  return passEdits(spot.insertion, spot.function === undefined ? pass : { ...pass, token: tokenName });
}

/**
 * A value of the program as it travels: JSON, where everything that JSON cannot say is an object with a `$` tag.
 * A plain object of the program is always tagged too (`{"$":"obj"}`), so a program cannot forge a tag.
 */
export type Value = null | boolean | number | string | Tagged;
export type Tagged = {
    $: 'undefined';
}
/** NaN, Infinity, -Infinity, -0 and bigint, as text. */
 | {
    $: 'number';
    text: string;
} | {
    $: 'bigint';
    text: string;
}
/** A string that was cut: `text` is its beginning, `length` its whole length in UTF-16 units. */
 | {
    $: 'string';
    text: string;
    length: number;
} | {
    $: 'symbol';
    text: string;
}
/** `className` is absent for plain objects; `more` counts the own fields left out. */
 | {
    $: 'object';
    className?: string;
    fields: [name: string, value: Value][];
    more?: number;
}
/** Arrays, typed arrays and sets (`className` says which); `length` is the whole length. */
 | {
    $: 'array';
    className?: string;
    length: number;
    elements: Value[];
} | {
    $: 'map';
    className?: string;
    size: number;
    entries: [Value, Value][];
} | {
    $: 'date';
    iso: string;
} | {
    $: 'regexp';
    text: string;
} | {
    $: 'function';
    name: string;
} | {
    $: 'error';
    className: string;
    message: string;
    stack?: string;
    fields: [name: string, value: Value][];
}
/** An accessor property: named, never run. */
 | {
    $: 'getter';
}
/** A proxy: named, never touched. */
 | {
    $: 'proxy';
}
/** The same object again; `path` is where it was shown first, as `order.items[0]`. */
 | {
    $: 'reference';
    path: string;
}
/** A name that is declared but not yet initialised (temporal dead zone). */
 | {
    $: 'uninitialised';
}
/** The engine no longer has it (optimised out). */
 | {
    $: 'unavailable';
}
/** Something was here and was left out; `why` says which ceiling was met. */
 | {
    $: 'cut';
    why: CutReason;
    className?: string;
}
/** Hidden by a redaction rule before it left the process, or by the bridge; `rule` names it, `marker` is what people see. */
 | {
    $: 'redacted';
    rule: string;
    marker?: string;
};
export type CutReason = 'depth' | 'nodes' | 'bytes' | 'time';
/** What was read at one evaluation of a watch expression. */
export type ExpressionResult = {
    expression: string;
    value: Value;
} | {
    expression: string;
    error: string;
};

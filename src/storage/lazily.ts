/**
 * A condition that is always true, for the `where` of a single statement that need not survive a crash of the machine: what it writes is
 * visible at once and reaches the disk with the next durable commit, which saves a flush. For reports that are made anew after a restart,
 * such as what an agent said of an action, and for counts of calls, whose answer waits for its audit record. Not inside `tx`, where it
 * would hold for the whole transaction.
 */
export const lazily = `set_config('synchronous_commit', 'off', true) = 'off'`;

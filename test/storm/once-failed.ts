/** Seeds that found something once, in the worlds of their time. */
export const onceFailed: readonly number[] = [27, 28, 53, 227, 2119, 2141, 2170, 2208, 1844];

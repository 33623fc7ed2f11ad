import { z } from 'zod';

/** Bytes of hits in one answer when the caller says nothing: about 5,000 tokens. */
export const defaultMaxBytes = 20_000;

/** Most a caller may ask for: a model reads fenced text, which ends at 200,000 characters. */
export const mostBytes = 160_000;

/** The argument by which a caller asks for more or less bytes of hits in the answer. */
export const maxBytes = z.number().int().min(1_000).max(mostBytes).optional().describe(`Default ${defaultMaxBytes}.`);

/** The budget as an argument of the next call, where it is not what a caller has who says nothing. */
export const budgetOf = (bytes: number): { maxBytes?: number } => (bytes === defaultMaxBytes ? {} : { maxBytes: bytes });

// Time and ids as arguments, so that the core stays pure. The real ones live in libs/service.

/** Milliseconds. Durations use `monotonicMs`; `unixMs` only names moments. */
export interface Clock {
  unixMs(): number;
  monotonicMs(): number;
}

/** Makes UUIDv7 texts: sortable, and the moment of a request can be read from its id. */
export type MakeId = () => string;

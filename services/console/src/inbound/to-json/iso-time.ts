// Moments as people read them.

/** Unix milliseconds of the wire as ISO 8601 in UTC. */
export function isoTime(unixMs: bigint | number): string {
  return new Date(Number(unixMs)).toISOString();
}

/** 0 on the wire means that it never was. */
export function isoTimeOrNull(unixMs: bigint | number): string | null {
  return Number(unixMs) === 0 ? null : isoTime(unixMs);
}

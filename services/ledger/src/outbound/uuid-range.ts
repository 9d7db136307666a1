// Request ids by their time.

/** Not above any UUIDv7 of this millisecond or later, and above every one of before. */
export function firstUuidOf(unixMs: number): string {
  const hex = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

// Whether a key is good, in a few words.

export interface KeyTimes {
  revokedAt: string | null;
  expiresAt: string | null;
  previousSecretUntil: string | null;
}

/** Empty: it is good, and for ever. */
export function keyState({ revokedAt, expiresAt, previousSecretUntil }: KeyTimes, nowUnixMs: number): string {
  if (revokedAt !== null) return `revoked ${revokedAt}`;
  const isOver = expiresAt !== null && Date.parse(expiresAt) <= nowUnixMs;
  if (isOver) return `expired ${expiresAt}`;
  const overlaps = previousSecretUntil !== null && Date.parse(previousSecretUntil) > nowUnixMs;
  const parts = [
    ...(expiresAt === null ? [] : [`until ${expiresAt}`]),
    ...(overlaps ? [`the secret before until ${previousSecretUntil}`] : []),
  ];
  return parts.join("; ");
}

// Waits for a condition instead of for a time, and says what it waited for when it never comes.

export interface EventuallyOptions {
  /** What should become true; part of the error. */
  readonly reason: string;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_INTERVAL_MS = 10;

/**
 * Asks until the condition gives something truthy, and returns that. An exception counts as "not yet" and is the cause
 * of the error in the end.
 */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { reason, timeoutMs = DEFAULT_TIMEOUT_MS, intervalMs = DEFAULT_INTERVAL_MS }: EventuallyOptions,
): Promise<NonNullable<T>> {
  const startedAtMs = performance.now();
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() - startedAtMs >= timeoutMs) {
      throw new Error(`not within ${timeoutMs} ms: ${reason}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

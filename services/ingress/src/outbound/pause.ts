// Waiting on the process's own timers, cut short when there is nothing left to wait for.

/** Resolves after `ms`, or as soon as `until` does. */
export async function pause(ms: number, until: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([over, until]);
  clearTimeout(timer);
}

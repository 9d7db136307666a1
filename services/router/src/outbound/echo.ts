// Waiting for what was written to come back, but not for ever.
import type { Echo } from "../deploy.ts";

/** True when everything has come back in time. */
export async function seenWithin({ seen, forget }: Echo, limitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  try {
    return await Promise.race([seen.then(() => true), late]);
  } finally {
    clearTimeout(timer);
    forget();
  }
}

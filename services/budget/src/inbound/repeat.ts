// Work that is done again and again, one round after the other, until stopped.

/** Begins with a round at once; pauses `pauseMs` between rounds. A round that fails is told and the next one tries again. */
export function repeat(
  pauseMs: number,
  round: () => Promise<void>,
  onError: (error: unknown) => void,
): { stop(): Promise<void> } {
  let stopped = false;
  let wake: () => void = () => {};
  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await round();
      } catch (error) {
        if (!stopped) onError(error);
      }
      if (stopped) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pauseMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  const ended = run();
  return {
    stop() {
      stopped = true;
      wake();
      return ended;
    },
  };
}

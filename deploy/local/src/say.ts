// What the launcher tells the person in front of it: plain lines, no colours, one per thing that happened.

export type Say = (line: string) => void;

export const say: Say = (line) => {
  process.stdout.write(`${line}\n`);
};

/** "0.4 s". */
export function seconds(sinceMs: number, nowMs: number = performance.now()): string {
  return `${((nowMs - sinceMs) / 1000).toFixed(1)} s`;
}

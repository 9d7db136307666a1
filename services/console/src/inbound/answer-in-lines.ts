// An answer that takes a while, as lines of JSON: {"progress"} as often as there is some, then {"result"} or {"error"}.
import { PassThrough, type Readable } from "node:stream";

export const LINES = "application/x-ndjson";

/** Begins when there is something to say: what fails before is thrown, and answered with a status of its own. */
export async function answerInLines(
  run: (tell: (progress: unknown) => void) => Promise<unknown>,
  errorBody: (error: unknown) => unknown,
): Promise<Readable> {
  const lines = new PassThrough();
  const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const running = run((progress) => {
    if (!lines.destroyed) lines.write(line({ progress }));
    begin();
  });
  const isBegun = begun.then(() => true);
  running.then(
    (result) => lines.end(line({ result })),
    (error: unknown) => void isBegun.then(() => lines.end(line(errorBody(error)))),
  );
  await Promise.race([isBegun, running]);
  return lines;
}

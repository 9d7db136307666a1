// Fault tests only: a process kills itself at a named point, exactly where a crash would hurt most.
import type { Setting } from "./config.ts";

/**
 * Call it with the name of the point that is being passed. A point that should let what was just written leave the process
 * first awaits the result: with `~<ms>` the story stops there and the end comes that much later.
 */
export type Failpoint = (name: string) => Promise<never> | undefined;

const FORM = "<name>[:<nth>][~<ms>]";
const SPEC = /^([a-z_]+)(?::([1-9]\d{0,6}))?(?:~(\d{1,5}))?$/;

/** Spread into the settings of a service that has failpoints. */
export const failpointSettings = {
  WAYBILL_FAILPOINT: {
    meaning: `For fault tests only: ${FORM} ends this process with SIGKILL at the nth pass of that point, or <ms> later.`,
    fallback: "",
    parse(spec) {
      if (spec !== "" && !SPEC.test(spec)) throw new Error(`must be ${FORM}`);
      return spec;
    },
  } satisfies Setting<string>,
} as const;

/**
 * Ends the process with SIGKILL when the point named in `spec` (`<name>`, `<name>:<nth>`, `…~<ms>`) is passed for the nth time.
 * Empty: no point does anything. Throws on any other text, so that a fault test never passes by a typing error.
 */
export function makeFailpoint(
  spec: string,
  kill: () => void = () => void process.kill(process.pid, "SIGKILL"),
): Failpoint {
  if (spec === "") return () => undefined;
  const match = SPEC.exec(spec);
  if (!match) throw new Error(`WAYBILL_FAILPOINT must be ${FORM}, not ${JSON.stringify(spec)}`);
  const [, wanted, nth = "1", delayMs] = match;
  let passesLeft = Number(nth);
  return (name) => {
    if (name !== wanted) return undefined;
    passesLeft -= 1;
    if (passesLeft !== 0) return undefined;
    if (delayMs === undefined) {
      kill();
      return undefined;
    }
    setTimeout(kill, Number(delayMs));
    return new Promise<never>(() => {});
  };
}

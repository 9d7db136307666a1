// Fault tests only: a process kills itself at a named point, exactly where a crash would hurt most.
import { type Setting, text } from "./config.ts";

/** Call it with the name of the point that is being passed. */
export type Failpoint = (name: string) => void;

const SPEC = /^([a-z_]+)(?::([1-9]\d{0,6}))?$/;

/** Spread into the settings of a service that has failpoints. */
export const failpointSettings = {
  WAYBILL_FAILPOINT: text({
    meaning: "For fault tests only: <name>[:<nth>] ends this process with SIGKILL at the nth pass of that point.",
    fallback: "",
  }) satisfies Setting<string>,
} as const;

/**
 * Ends the process with SIGKILL when the point named in `spec` (`<name>` or `<name>:<nth>`) is passed for the nth time.
 * Empty: no point does anything. Throws on any other text, so that a fault test never passes by a typing error.
 */
export function makeFailpoint(
  spec: string,
  kill: () => void = () => void process.kill(process.pid, "SIGKILL"),
): Failpoint {
  if (spec === "") return () => {};
  const match = SPEC.exec(spec);
  if (!match) throw new Error(`WAYBILL_FAILPOINT must be <name> or <name>:<nth>, not ${JSON.stringify(spec)}`);
  const [, wanted, nth = "1"] = match;
  let passesLeft = Number(nth);
  return (name) => {
    if (name !== wanted) return;
    passesLeft -= 1;
    if (passesLeft === 0) kill();
  };
}

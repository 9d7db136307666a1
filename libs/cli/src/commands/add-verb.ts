// How every command is declared: what it does, and examples, in its help.
import type { Command } from "commander";
import { EXIT_CODES_HELP } from "../exit-codes.ts";

/** `usage` as commander takes it: "show <name>". */
export function addVerb(parent: Command, usage: string, description: string, ...examples: string[]): Command {
  const lines = examples.map((example) => `  waybill ${example}`).join("\n");
  return parent
    .command(usage)
    .description(description)
    .addHelpText("after", `\nExample:\n${lines}\n\n${EXIT_CODES_HELP}`);
}

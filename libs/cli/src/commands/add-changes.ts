// What commands that change accounts have in common.
import type { Command } from "commander";

export function withReason(command: Command): Command {
  return command.option("--reason <text>", "why; stands in the audit log", "");
}

/** Without what was not asked for, so that it stays as it is. */
export function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

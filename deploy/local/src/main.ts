// The commands behind `npm start`, `npm run reset`, `npm run sql`, `npm test`, `npm run fault`, `npm run fuzz` and `npm run bench`.

import { bench, benchHelp } from "./commands/bench.ts";
import { fault, faultHelp } from "./commands/fault.ts";
import { fuzz, fuzzHelp } from "./commands/fuzz.ts";
import { reset, resetHelp } from "./commands/reset.ts";
import { sql, sqlHelp } from "./commands/sql.ts";
import { start, startHelp } from "./commands/start.ts";
import { test, testHelp } from "./commands/test.ts";
import { PlainError } from "./plain-error.ts";

interface Command {
  readonly help: string;
  run(args: readonly string[]): Promise<void>;
}

const commands: Readonly<Record<string, Command>> = {
  start: { help: startHelp, run: start },
  reset: { help: resetHelp, run: reset },
  sql: { help: sqlHelp, run: sql },
  test: { help: testHelp, run: test },
  fault: { help: faultHelp, run: fault },
  fuzz: { help: fuzzHelp, run: fuzz },
  bench: { help: benchHelp, run: bench },
};

const [name = "", ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  process.stderr.write(`unknown command "${name}"; there is ${Object.keys(commands).join(", ")}\n`);
  process.exitCode = 2;
} else if (args.includes("--help") || args.includes("-h")) {
  process.stdout.write(`${command.help}\n`);
} else {
  try {
    await command.run(args);
  } catch (error) {
    const text = error instanceof PlainError ? error.message : error instanceof Error ? error.stack : String(error);
    process.stderr.write(`\n${name}: ${text}\n`);
    process.exitCode = 1;
  }
}

// What every command is given: the API, the way to print, and what was asked for of all of them.
import type { Command } from "commander";
import { type Api, makeApi } from "../api/client.ts";
import { isColourWanted, readCliConfig } from "../config.ts";
import { makePaint, type Paint } from "../print/colour.ts";
import { plainText } from "../print/plain-text.ts";

export interface Context {
  api: Api;
  /** The same for another organisation than the one that was asked for. */
  apiOf(organisation: string): Api;
  paint: Paint;
  /** Prints what was asked for: the value as JSON, else the text. */
  print(value: unknown, text: () => string): void;
  /** For people who wait; never on stdout, and nothing where JSON was asked for. */
  note(text: string): void;
}

/** Read when a command runs, so that --help needs no configuration. */
export function contextOf(command: Command): Context {
  const { json = false, organisation } = command.optsWithGlobals<{ json?: boolean; organisation?: string }>();
  return {
    api: makeApi(readCliConfig(), organisation),
    apiOf: (other) => makeApi(readCliConfig(), other),
    paint: makePaint(isColourWanted()),
    print: (value, text) => void process.stdout.write(`${json ? JSON.stringify(value, null, 2) : text()}\n`),
    note: (text) => void (json || process.stderr.write(`${plainText(text)}\n`)),
  };
}

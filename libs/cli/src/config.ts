// Where the admin API is, and the key to it: from the environment, else from the dev.env of a stack that runs here. The only file that
// reads the environment.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { Ending, EXIT } from "./exit-codes.ts";

export interface CliConfig {
  /** Without a slash at its end. */
  adminUrl: string;
  /** Never printed. */
  adminKey: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Throws Ending where nothing says which API is meant, or only half of it. `folder` is where the search for dev.env begins. */
export function readCliConfig(env: Environment = process.env, folder: string = process.cwd()): CliConfig {
  // Address and key come from one place: a key of the local stack is not sent to an address from elsewhere.
  const isSaid = Boolean(env.WAYBILL_ADMIN_URL || env.WAYBILL_ADMIN_KEY);
  const { WAYBILL_ADMIN_URL: url, WAYBILL_ADMIN_KEY: adminKey } = isSaid ? env : readDevEnv(env, folder);
  if (isSaid && !url) throw new Ending("WAYBILL_ADMIN_KEY is set and WAYBILL_ADMIN_URL is not: set both", EXIT.usage);
  if (isSaid && !adminKey)
    throw new Ending("WAYBILL_ADMIN_URL is set and WAYBILL_ADMIN_KEY is not: set both", EXIT.usage);
  if (!url || !adminKey) {
    throw new Ending(
      "no admin API is known: set WAYBILL_ADMIN_URL and WAYBILL_ADMIN_KEY, or run this where `npm start` has brought a stack up",
      EXIT.usage,
    );
  }
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new Ending("WAYBILL_ADMIN_URL must be like http://127.0.0.1:8601", EXIT.usage);
  }
  // What does not fit into a header would be quoted in an error of fetch.
  if (!/^[\x21-\x7e]+$/.test(adminKey)) throw new Ending("WAYBILL_ADMIN_KEY is no key: wba_...", EXIT.usage);
  return { adminUrl: url.replace(/\/+$/, ""), adminKey };
}

/** People get colours; files, pipes and who asks for none do not. */
export function isColourWanted(env: Environment = process.env, isTerminal = process.stdout.isTTY === true): boolean {
  return isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

/** `dev.env` of WAYBILL_STATE_DIR, else of the nearest .waybill from `folder` upwards. */
function readDevEnv(env: Environment, folder: string): Environment {
  const file = env.WAYBILL_STATE_DIR ? join(env.WAYBILL_STATE_DIR, "dev.env") : findDevEnv(folder);
  return file !== undefined && existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
}

function findDevEnv(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, ".waybill", "dev.env");
    if (existsSync(file)) return file;
    if (dirname(folder) === folder) return undefined;
  }
}

// Accounts as a file: organisations with their teams, users and keys. It never holds a secret. What it does not speak of stays as it is.
import { parse as parseYaml, stringify } from "yaml";
import type { Problem } from "../exit-codes.ts";

export interface FileKey {
  /** Names it among the keys of its user that are not revoked. */
  name: string;
  expiresAt: string | null;
  allowedModels: string[];
  allowedRoutes: string[];
  allowedSurfaces: string[];
  maxOutputTokensDefault: number | null;
  metadata: Record<string, string>;
  tags: Record<string, string>;
}

export interface FileUser {
  id: string;
  name: string;
  /** Undefined: the file does not speak of keys. */
  keys: FileKey[] | undefined;
}

interface FileTeam {
  id: string;
  name: string;
  costCentre: string;
  users: FileUser[] | undefined;
}

export interface FileOrganisation {
  id: string;
  name: string;
  teams: FileTeam[] | undefined;
}

export interface AccountsFile {
  organisations: FileOrganisation[];
}

type Values = Record<string, unknown>;

/** YAML, and so JSON too. `problems` are all that is wrong with its form; what values may be is the API's to say. */
export function parseAccounts(text: string, path: string): { file: AccountsFile; problems: Problem[] } {
  const reader = new Reader(path);
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    reader.say("", `is not YAML: ${reason}`);
  }
  const file = reader.problems.length > 0 ? { organisations: [] } : reader.file(value);
  return { file, problems: reader.problems };
}

/** As a file that says everything. */
export function formatAccounts(file: AccountsFile): string {
  return stringify(file, { lineWidth: 0 });
}

class Reader {
  readonly problems: Problem[] = [];
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  say(field: string, problem: string): void {
    this.problems.push({ path: this.#path, node: "", field, problem });
  }

  file(value: unknown): AccountsFile {
    const at = this.#object(value, "", ["organisations"]);
    const organisations = this.#list(at.organisations, "organisations", (each, where) =>
      this.#organisation(each, where),
    );
    if (organisations === undefined) this.say("organisations", "is missing");
    this.#once(organisations ?? [], ({ id }) => id, "organisations", "organisation");
    return { organisations: organisations ?? [] };
  }

  #organisation(value: unknown, where: string): FileOrganisation {
    const at = this.#object(value, where, ["id", "name", "teams"]);
    const id = this.#text(at, "id", where);
    const teams = this.#list(at.teams, `${where}.teams`, (each, place) => this.#team(each, place));
    this.#once(teams ?? [], (team) => team.id, `${where}.teams`, "team");
    // A user is of one team.
    const users = (teams ?? []).flatMap((team) => team.users ?? []);
    this.#once(users, (user) => user.id, `${where}.teams`, "user");
    return { id, name: this.#text(at, "name", where, id), teams };
  }

  #team(value: unknown, where: string): FileTeam {
    const at = this.#object(value, where, ["id", "name", "costCentre", "users"]);
    const id = this.#text(at, "id", where);
    return {
      id,
      name: this.#text(at, "name", where, id),
      costCentre: this.#text(at, "costCentre", where, ""),
      users: this.#list(at.users, `${where}.users`, (each, place) => this.#user(each, place)),
    };
  }

  #user(value: unknown, where: string): FileUser {
    const at = this.#object(value, where, ["id", "name", "keys"]);
    const id = this.#text(at, "id", where);
    const keys = this.#list(at.keys, `${where}.keys`, (each, place) => this.#key(each, place));
    this.#once(keys ?? [], ({ name }) => name, `${where}.keys`, "key");
    return { id, name: this.#text(at, "name", where, id), keys };
  }

  #key(value: unknown, where: string): FileKey {
    const lists = ["allowedModels", "allowedRoutes", "allowedSurfaces"];
    const at = this.#object(value, where, [
      "name",
      "expiresAt",
      ...lists,
      "maxOutputTokensDefault",
      "metadata",
      "tags",
    ]);
    const limit = at.maxOutputTokensDefault ?? null;
    if (limit !== null && !Number.isInteger(limit))
      this.say(`${where}.maxOutputTokensDefault`, "must be a whole number");
    return {
      name: this.#text(at, "name", where),
      expiresAt: this.#moment(at.expiresAt, `${where}.expiresAt`),
      allowedModels: this.#names(at.allowedModels, `${where}.allowedModels`),
      allowedRoutes: this.#names(at.allowedRoutes, `${where}.allowedRoutes`),
      allowedSurfaces: this.#names(at.allowedSurfaces, `${where}.allowedSurfaces`),
      maxOutputTokensDefault: typeof limit === "number" ? limit : null,
      metadata: this.#pairs(at.metadata, `${where}.metadata`),
      tags: this.#pairs(at.tags, `${where}.tags`),
    };
  }

  #object(value: unknown, where: string, known: readonly string[]): Values {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.say(where, `must have ${known.join(", ")}`);
      return {};
    }
    for (const name of Object.keys(value)) {
      if (!known.includes(name))
        this.say(where === "" ? name : `${where}.${name}`, `is not known; known are ${known.join(", ")}`);
    }
    return value as Values;
  }

  #list<T>(value: unknown, where: string, read: (each: unknown, where: string) => T): T[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (Array.isArray(value)) return value.map((each, index) => read(each, `${where}[${index}]`));
    this.say(where, "must be a list");
    return undefined;
  }

  #text(at: Values, name: string, where: string, fallback?: string): string {
    const value = at[name] ?? fallback;
    if (typeof value === "string" && (value !== "" || fallback === "")) return value;
    // What looks like a number to YAML is meant as text: 4711.
    if (typeof value === "number") return String(value);
    this.say(`${where}.${name}`, value === undefined ? "is missing" : "must be text");
    return "";
  }

  #moment(value: unknown, where: string): string | null {
    if (value === undefined || value === null) return null;
    const unixMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
    if (!Number.isNaN(unixMs)) return new Date(unixMs).toISOString();
    this.say(where, "must be a moment like 2027-01-31T12:00:00Z");
    return null;
  }

  #names(value: unknown, where: string): string[] {
    const names = this.#list(value, where, (each, place) => {
      if (typeof each !== "string") this.say(place, "must be text");
      return String(each);
    });
    return names ?? [];
  }

  #pairs(value: unknown, where: string): Record<string, string> {
    if (value === undefined || value === null) return {};
    if (typeof value !== "object" || Array.isArray(value)) {
      this.say(where, "must be texts by name");
      return {};
    }
    const entries = Object.entries(value);
    for (const [name, each] of entries) if (typeof each !== "string") this.say(`${where}.${name}`, "must be text");
    return Object.fromEntries(entries.map(([name, each]) => [name, String(each)]));
  }

  #once<T>(all: readonly T[], nameOf: (each: T) => string, where: string, what: string): void {
    const seen = new Set<string>();
    for (const each of all) {
      const name = nameOf(each);
      if (name !== "" && seen.has(name)) this.say(where, `the ${what} ${name} stands here twice`);
      seen.add(name);
    }
  }
}

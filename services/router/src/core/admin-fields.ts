// The fields of an admin's question: every problem at once, with the field. What passes can be stored.
import { WaybillError } from "@waybill/domain";

/** Like an alias: what can stand behind dynamic/ and before @. */
const ROUTE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ALIAS_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const RESERVED_ALIASES: readonly string[] = ["auto", "dynamic"];

const ID_CHARACTERS_MAX = 128;
const REASON_CHARACTERS_MAX = 1_000;
const SOURCE_CHARACTERS_MAX = 512 * 1024;
const WARNINGS_MAX = 500;
const WARNING_CHARACTERS_MAX = 2_000;
const SHAPES: readonly string[] = ["waybill", "cloudflare", "cloudflare_docs", "terraform", "seed"];

const PAGE_DEFAULT = 100;
/** Of routes, versions, deployments and audit entries. */
export const PAGE_MAX = 1_000;

export interface ActorFields {
  actorId: string;
  actorName: string;
  reason: string;
}

export class AdminFields {
  readonly #problems: { field: string; problem: string }[] = [];

  /** Throws invalid_value with all problems. */
  done(): void {
    const [first] = this.#problems;
    if (!first) return;
    const text = this.#problems.map(({ field, problem }) => `${field} ${problem}`).join("; ");
    throw new WaybillError("invalid_value", { publicMessage: `${text}.`, param: first.field });
  }

  by(actor: { adminKeyId: string; name: string } | undefined, reason: string): ActorFields {
    const { adminKeyId = "", name = "" } = actor ?? {};
    this.text("actor.admin_key_id", adminKeyId, 1, ID_CHARACTERS_MAX);
    this.text("actor.name", name, 1, ID_CHARACTERS_MAX);
    this.text("reason", reason, 0, REASON_CHARACTERS_MAX);
    return { actorId: adminKeyId, actorName: name, reason };
  }

  organisation(id: string): string {
    return this.text("organisation_id", id, 0, ID_CHARACTERS_MAX);
  }

  routeName(name: string): string {
    if (!ROUTE_NAME.test(name)) this.#add("name", "must be 1 to 64 letters, digits, dots, dashes or underscores");
    return name;
  }

  aliasName(name: string): string {
    if (!ALIAS_NAME.test(name) || RESERVED_ALIASES.includes(name)) this.#add("name", "is not a possible alias");
    return name;
  }

  source<T extends { shape: string; text: string; warnings: string[] }>(source: T | undefined): T | undefined {
    if (!source) return undefined;
    if (!SHAPES.includes(source.shape)) this.#add("source.shape", `must be one of ${SHAPES.join(", ")}`);
    this.text("source.text", source.text, 0, SOURCE_CHARACTERS_MAX);
    if (source.warnings.length > WARNINGS_MAX) this.#add("source.warnings", `are more than ${WARNINGS_MAX}`);
    source.warnings.slice(0, WARNINGS_MAX).forEach((warning, index) => {
      this.text(`source.warnings[${index}]`, warning, 0, WARNING_CHARACTERS_MAX);
    });
    return source;
  }

  /** A number of the wire is never negative. 0: the default. */
  limit(limit: number): number {
    if (limit > PAGE_MAX) this.#add("limit", `must be at most ${PAGE_MAX}`);
    return limit === 0 ? PAGE_DEFAULT : limit;
  }

  /** The id of an audit entry; empty: none. */
  auditId(text: string): bigint | undefined {
    if (text === "") return undefined;
    if (!/^[0-9]{1,18}$/.test(text)) {
      this.#add("before_id", "is the id of no entry");
      return undefined;
    }
    return BigInt(text);
  }

  /** A version's number as Postgres keeps it. */
  version(field: string, version: number): number {
    if (version > 2 ** 31 - 1) this.#add(field, "is too large");
    return version;
  }

  text(field: string, text: string, charactersMin: number, charactersMax: number): string {
    if (text.length < charactersMin) this.#add(field, "must not be empty");
    if (text.length > charactersMax) this.#add(field, `must be at most ${charactersMax} characters`);
    // Postgres keeps every character but this one.
    if (text.includes("\u0000")) this.#add(field, "must not hold the character U+0000");
    return text;
  }

  #add(field: string, problem: string): void {
    this.#problems.push({ field, problem });
  }
}

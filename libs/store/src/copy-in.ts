// COPY ... FROM STDIN: many rows in one statement, at about a third of what the same rows cost as array parameters.
// https://www.postgresql.org/docs/current/sql-copy.html (text format)
import type { Client } from "./pool.ts";

/** A field of a row; undefined is NULL. */
export type CopyField = string | number | bigint | boolean | undefined;

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One row in COPY's text format, without its line end. Text must not hold NUL, which Postgres cannot store. */
export function copyLine(fields: readonly CopyField[]): string {
  // Joined at once: adding field to field would leave a chain of small strings for the garbage collector.
  return fields.map(copyText).join("\t");
}

function copyText(field: CopyField): string {
  if (typeof field === "string") return escapeText(field);
  return field === undefined ? "\\N" : String(field);
}

function escapeText(text: string): string {
  return SPECIAL.test(text) ? text.replace(/[\\\n\r\t]/g, (character) => ESCAPES[character] ?? character) : text;
}

// What pg's own connection offers to a query that speaks the protocol itself; not in its type declarations.
interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** The events pg forwards to the query that is running. */
class CopyIn {
  readonly #sql: string;
  readonly #lines: string;
  /** Under this name pg finds it and puts its own query timeout around it. */
  callback: (error: Error | null) => void;

  constructor(sql: string, lines: string, callback: (error: Error | null) => void) {
    this.#sql = sql;
    this.#lines = lines;
    this.callback = callback;
  }

  submit(connection: unknown): void {
    (connection as CopyConnection).query(this.#sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.sendCopyFromChunk(Buffer.from(this.#lines));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null);
  }

  handleError(error: Error): void {
    this.callback(error);
  }
}

/**
 * Copies rows made by `copyLine` into `target`, e.g. `ledger.entry (a, b)`, as one statement of the client's transaction:
 * all of them or none. `target` is SQL and never holds outside text.
 */
export function copyIn(client: Client, target: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    client.query(
      new CopyIn(`COPY ${target} FROM STDIN`, `${lines.join("\n")}\n`, (error) => (error ? reject(error) : resolve())),
    );
  });
}

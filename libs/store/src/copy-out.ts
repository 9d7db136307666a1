// COPY ... TO STDOUT: the rows of a query as CSV that PostgreSQL writes itself, however many there are.
// https://www.postgresql.org/docs/current/sql-copy.html
import type { Writable } from "node:stream";
import type { Client } from "./pool.ts";

// What pg's own connection offers to a query that speaks the protocol itself; not in its type declarations.
interface CopyConnection {
  query(sql: string): void;
  readonly stream: { pause(): void; resume(): void };
}

/** The events pg forwards to the query that is running. */
class CopyOut {
  readonly #sql: string;
  readonly #to: Writable;
  /** Under this name pg finds it and puts its own query timeout around it. */
  callback: (error: Error | null) => void;
  #paused: CopyConnection["stream"] | undefined;

  constructor(sql: string, to: Writable, callback: (error: Error | null) => void) {
    this.#sql = sql;
    this.#to = to;
    this.callback = callback;
  }

  submit(connection: unknown): void {
    (connection as CopyConnection).query(this.#sql);
  }

  handleCopyData({ chunk }: { chunk: Buffer }, { stream }: CopyConnection): void {
    // A copy, because pg reads the next bytes into the same memory.
    if (this.#to.write(Buffer.from(chunk)) || this.#paused) return;
    // Whoever reads slowly is waited for; no more piles up here than what had come already.
    this.#paused = stream;
    stream.pause();
    this.#to.once("drain", () => this.#goOn());
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#end(null);
  }

  handleError(error: Error): void {
    this.#end(error);
  }

  /** A writer that is ended now never says that it has drained. */
  #end(error: Error | null): void {
    this.#goOn();
    this.callback(error);
  }

  #goOn(): void {
    this.#paused?.resume();
    this.#paused = undefined;
  }
}

/** Writes the rows of `query` as CSV with a line of column names (RFC 4180, lines end in LF), and leaves `to` open. */
export function copyCsv(client: Pick<Client, "query">, query: string, to: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const sql = `COPY (${query}) TO STDOUT WITH (FORMAT csv, HEADER)`;
    client.query(new CopyOut(sql, to, (error) => (error ? reject(error) : resolve())));
  });
}

// A NATS or a database that somebody else runs: is it there, and is it good enough?

import { connect } from "node:net";
import { connectOnce, sqlState } from "@waybill/store";
import { PlainError } from "./plain-error.ts";

const askLimitMs = 5_000;
const natsPortDefault = 4222;
const postgresMajorMin = 14;

/** Rejects with a PlainError when nobody answers at DATABASE_URL, it refuses us, or it is too old. */
export async function requireDatabase(databaseUrl: string): Promise<void> {
  const { host } = new URL(databaseUrl);
  const client = await connectOnce(databaseUrl, "waybill-start").catch((error: unknown) => {
    const refused = ["28P01", "28000", "3D000"].includes(sqlState(error) ?? "");
    const reason = describe(error);
    throw new PlainError(
      refused
        ? `the database at ${host} refuses DATABASE_URL (${reason}); correct it, or unset it and npm start brings a PostgreSQL of its own.`
        : `no database answers at ${host}, where DATABASE_URL points (${reason}); start it, or unset DATABASE_URL and npm start brings one of its own.`,
    );
  });
  try {
    const answer = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
    const major = Math.floor(Number(answer.rows[0]?.version) / 10_000);
    if (major < postgresMajorMin) {
      throw new PlainError(`DATABASE_URL is a PostgreSQL ${major}; Waybill needs ${postgresMajorMin} or newer.`);
    }
  } finally {
    await client.end();
  }
}

/** Rejects with a PlainError when nobody answers at NATS_URL or the server has no JetStream. */
export async function requireNats(natsUrl: string): Promise<void> {
  const url = new URL(natsUrl);
  const port = url.port === "" ? natsPortDefault : Number(url.port);
  const greeting = await readGreeting(url.hostname, port).catch((error: unknown) => {
    throw new PlainError(
      `no NATS answers at ${url.host}, where NATS_URL points (${describe(error)}); start it, or unset NATS_URL and npm start brings one of its own.`,
    );
  });
  if (!/"jetstream":\s*true/.test(greeting)) {
    throw new PlainError(`the NATS at ${url.host} runs without JetStream; start it with -js.`);
  }
}

/** A NATS server speaks first: one INFO line. */
function readGreeting(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    socket.setTimeout(askLimitMs, () => socket.destroy(new Error(`no greeting within ${askLimitMs / 1000} s`)));
    socket.once("error", reject);
    socket.once("end", () => reject(new Error("it hung up")));
    socket.once("data", (data) => {
      socket.destroy();
      const line = data.toString("utf8");
      if (line.startsWith("INFO ")) resolve(line);
      else reject(new Error("it does not speak NATS"));
    });
  });
}

/** Connecting to a name with several addresses fails with a list of errors and no message of its own. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join(", ");
  return error instanceof Error ? error.message : String(error);
}

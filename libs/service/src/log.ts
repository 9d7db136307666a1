// JSON logs: one line per event, with service, request id and trace id. Never a secret, never a prompt.
import { destination, type Logger, pino, stdTimeFunctions } from "pino";

export type Log = Logger;

/** A logger that writes JSON lines to standard output without blocking the event loop. */
export function makeLog(service: string, serviceId: string, level: string): Log {
  return pino(
    {
      level,
      base: { service, service_id: serviceId },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: withoutSecrets },
    },
    destination({ fd: 1, sync: false, minLength: WRITE_BYTES, periodicFlush: 200 }),
  );
}

/** Lines are written this many bytes at a time, or every 200 ms. */
const WRITE_BYTES = 12 * 1024;

const SECRETS = new Set(["authorization", "password", "secret"]);

/**
 * The last fence: fields of these names are never written, in the line itself or one level below. pino's own redaction
 * does the same at ten times the cost, which one line for each request would feel.
 */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  let clean = fields;
  for (const [name, value] of Object.entries(fields)) {
    if (SECRETS.has(name)) clean = without(clean, name);
    else if (isPlain(value) && Object.keys(value).some((inner) => SECRETS.has(inner))) {
      let inside = value;
      for (const inner of SECRETS) inside = without(inside, inner);
      clean = { ...clean, [name]: inside };
    }
  }
  return clean;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !(value instanceof Error);
}

function without(fields: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = fields;
  return rest;
}

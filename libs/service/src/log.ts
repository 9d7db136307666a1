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
      // The last fence: fields of these names are never written, in the line itself or one level below.
      redact: {
        paths: ["authorization", "*.authorization", "password", "*.password", "secret", "*.secret"],
        remove: true,
      },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ fd: 1, sync: false, minLength: WRITE_BYTES, periodicFlush: 200 }),
  );
}

/** Lines are written this many bytes at a time, or every 200 ms. */
const WRITE_BYTES = 12 * 1024;

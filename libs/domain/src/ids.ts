// The ids that travel: requests, attempts, records, virtual keys.

/** attempt_id = <request_id>.<n>, n from 1; 0 is a kept answer that was given again. */
export function attemptId(requestId: string, attempt: number): string {
  return `${requestId}.${attempt}`;
}

/** Who makes records of an attempt. */
export type RecordSourceName = "worker" | "ingress" | "void" | "lost";

const RECORD_NAME = /^(worker|ingress|void|lost)(?:\.([1-9]\d{0,2}))?$/;
/** More revisions of one record are an error of their maker. */
export const REVISION_MAX = 999;

/** What follows the colon of a record id: `worker` as its source recorded it, `worker.2` in its second revision. */
export function recordName(source: RecordSourceName, revision: number): string {
  return revision === 0 ? source : `${source}.${revision}`;
}

/** The parts of a record's name, or undefined when the text has another form. */
export function parseRecordName(text: string): { source: RecordSourceName; revision: number } | undefined {
  const match = RECORD_NAME.exec(text);
  return match?.[1] ? { source: match[1] as RecordSourceName, revision: Number(match[2] ?? 0) } : undefined;
}

/** record_id = <attempt_id>:<name>; its Nats-Msg-Id and its key in both consumers. `revision` 0: as its source recorded it. */
export function recordId(attempt: string, source: RecordSourceName, revision = 0): string {
  return `${attempt}:${recordName(source, revision)}`;
}

/** The revision inside a record id; 0 for one that has none. */
export function revisionOf(record: string): number {
  return parseRecordName(record.slice(record.indexOf(":") + 1))?.revision ?? 0;
}

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The two halves of an attempt id, or undefined when the text has another form. */
export function parseAttemptId(text: string): { requestId: string; attempt: number } | undefined {
  const dot = text.indexOf(".");
  const requestId = text.slice(0, dot);
  const number = text.slice(dot + 1);
  if (dot < 0 || !UUID_V7.test(requestId) || !/^(?:0|[1-9]\d{0,3})$/.test(number)) return undefined;
  return { requestId, attempt: Number(number) };
}

/** Unix milliseconds inside a UUIDv7, or undefined when the text is none. */
export function uuidV7TimeMs(id: string): number | undefined {
  if (!UUID_V7.test(id)) return undefined;
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** A bound between UUIDv7s: above each of a millisecond before `unixMs`, below each of it and later. No id itself. */
export function firstUuidOf(unixMs: number): string {
  const hex = Math.max(0, Math.floor(unixMs)).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** The two halves of a virtual key `wb_<public id>_<secret>`. */
export interface PresentedKey {
  keyId: string;
  secret: string;
}

const VIRTUAL_KEY = /^wb_([A-Za-z0-9]{4,64})_([A-Za-z0-9_-]{16,128})$/;

/** Splits a virtual key, or undefined when the text has another form. */
export function parseVirtualKey(text: string): PresentedKey | undefined {
  const match = VIRTUAL_KEY.exec(text);
  return match?.[1] && match[2] ? { keyId: match[1], secret: match[2] } : undefined;
}

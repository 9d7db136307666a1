// Fields of questions about invoices, checked.
import { WaybillError } from "@waybill/domain";
import type { WhichDifferences } from "../../approve-true-ups.ts";
import { dayOf } from "../../core/invoices/day-text.ts";

const TEXT_MAX = 200;
const CAUSES_MAX = 32;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Period {
  provider: string;
  fromDay: string;
  untilDay: string;
  causes: readonly string[];
}

/** Throws invalid_value with the field at fault, as everything here. */
export function readPeriod({ provider, fromDay, untilDay, causes }: Period): WhichDifferences {
  const period = {
    provider: readText("provider", provider),
    fromDay: day("from", fromDay),
    untilDay: day("until", untilDay),
  };
  if (period.fromDay > period.untilDay) throw invalid("from", "It must not be after until.");
  if (causes.length > CAUSES_MAX) throw invalid("causes", `At most ${CAUSES_MAX}.`);
  return { ...period, causes: causes.map((cause) => readText("causes", cause)) };
}

/** Not empty, of one line, and not longer than a name may be. */
export function readText(param: string, text: string): string {
  const isPlain = [...text].every((character) => character >= " " && character !== "\u007f");
  if (text === "" || text.length > TEXT_MAX || !isPlain)
    throw invalid(param, `It must have 1 to ${TEXT_MAX} characters.`);
  return text;
}

export function readUuid(param: string, text: string): string {
  if (!UUID.test(text)) throw invalid(param, "It must be the id of an invoice.");
  return text;
}

export function readNames(text: string): "account" | "model" {
  if (text === "account" || text === "model") return text;
  throw invalid("names", "It is neither account nor model.");
}

export function readPico(param: string, text: string): bigint {
  if (!/^-?\d{1,30}$/.test(text)) throw invalid(param, "It must be a whole number of pico-USD.");
  return BigInt(text);
}

function day(param: string, text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || dayOf(text) === undefined) {
    throw invalid(param, "It must be a day like 2026-10-31.");
  }
  return text;
}

function invalid(param: string, publicMessage: string): WaybillError {
  return new WaybillError("invalid_value", { publicMessage, param });
}

// Questions about rate limits as they come from routers, checked, and their answers.
import { WaybillError } from "@waybill/domain";
import type { AskRates, RateAnswers } from "@waybill/wire";
import type { RateAsked, RateCounterParts } from "../ports.ts";

/** Of one question. */
const ASKS_MAX = 10_000;
const ID_CHARACTERS_MAX = 256;
const COUNT_MAX = 1_000_000_000n;

/** Throws WaybillError invalid_value. */
export function fromWireAskRates({ asks }: AskRates): RateAsked[] {
  if (asks.length > ASKS_MAX) throw new WaybillError("invalid_value", { detail: "too many counters in one question" });
  return asks.map(({ counterId, limitId, wants }) => {
    for (const id of [counterId, limitId, ...wants.map(({ teamId }) => teamId)]) {
      if (id.length > ID_CHARACTERS_MAX || id.includes("\u0000")) throw odd("an id that is none");
    }
    if (counterId === "") throw odd("a counter without an id");
    return {
      counterId,
      limitId,
      wants: wants.map(({ teamId, waiting, ahead, demand, back, least, out }) => ({
        teamId,
        waiting: count(waiting),
        ahead: count(ahead),
        demand: count(demand),
        back: back < 0n ? -count(-back) : count(back),
        least: Math.max(1, count(least)),
        out: count(out),
      })),
    };
  });
}

function count(value: bigint): number {
  if (value < 0n || value > COUNT_MAX) throw odd("a count that is none");
  return Number(value);
}

function odd(detail: string): WaybillError {
  return new WaybillError("invalid_value", { detail });
}

export function toWireRates(answers: readonly RateCounterParts[]): RateAnswers {
  return {
    answers: answers.map(({ counterId, given, level, routers }) => ({
      counterId,
      level: BigInt(level),
      routers,
      given: given.map(({ teamId, given: part, waitMs }) => ({ teamId, given: BigInt(part), waitMs })),
    })),
  };
}

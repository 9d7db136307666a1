// An explanation of the wire as people read it: money as text, what was not said as null.
import { formatUsd } from "@waybill/domain";
import { type Candidate, Explanation } from "@waybill/wire";
import type { z } from "zod";
import type * as schemas from "../schemas/decisions.ts";

export function explanationJson(wire: Explanation | undefined): z.input<typeof schemas.explanation> {
  const explanation = wire ?? Explanation.create({});
  const { target, route, path, reason, clamped, priceVersion, routeOrganisationId, refusalCode } = explanation;
  return {
    ...{ path, reason, clamped, priceVersion, routeOrganisationId },
    route: textOrNull(route),
    routeVersion: explanation.routeVersion || null,
    model: target ? `${target.provider}/${target.model}` : null,
    simulated: target?.simulated ?? false,
    refusal: refusalCode === "" ? null : { code: refusalCode, message: explanation.refusalMessage },
    candidates: explanation.candidates.map(candidateJson),
    heldUsd: formatUsd(explanation.heldPicoUsd),
    maxOutputTokens: Number(explanation.maxOutputTokens),
    mode: textOrNull(explanation.mode),
    sessionAffinity: explanation.sessionAffinity ?? null,
  };
}

function candidateJson(wire: Candidate): z.input<typeof schemas.explanation>["candidates"][number] {
  const { provider, model, node, inBand, rejectedBecause, rejectedCode, expectedCostPicoUsd } = wire;
  return {
    ...{ node, inBand },
    model: `${provider}/${model}`,
    rejectedBecause: textOrNull(rejectedBecause),
    rejectedCode: textOrNull(rejectedCode),
    quality: wire.quality || null,
    expectedCostUsd: expectedCostPicoUsd === 0n ? null : formatUsd(expectedCostPicoUsd),
  };
}

export function textOrNull(text: string): string | null {
  return text === "" ? null : text;
}

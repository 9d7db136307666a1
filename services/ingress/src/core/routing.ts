// What the client asks of an `auto` node for this one request: from the body's routing_config, else from headers.
import { WaybillError } from "@waybill/domain";
import {
  isModelName,
  isSessionId,
  ROUTING_MODELS_MAX,
  ROUTING_MODES,
  type RoutingAsked,
  SESSION_STRATEGIES,
  wordOf,
} from "@waybill/surfaces";
import type { RoutingConfig } from "@waybill/wire";
import type { RequestHeaders } from "./features.ts";
import { headerText, isSwitchedOn } from "./header-text.ts";

/** The first that is there counts: ours, Azure's, Cloudflare's, and what many clients send anyway. */
const SESSION_HEADERS = ["x-waybill-session-id", "x-ms-session-id", "cf-aig-session-id", "x-session-id"];

/**
 * The body wins over headers, field by field. Undefined: nobody asked for anything. Throws WaybillError invalid_value that
 * says every header at fault and names the first, also one that the body outdoes.
 */
export function routingOf(body: RoutingAsked | undefined, headers: RequestHeaders): RoutingConfig | undefined {
  const problems: Problem[] = [];
  const mode = word("x-waybill-mode", ROUTING_MODES, headers, problems);
  const models = ourModels(headers, problems) ?? cloudflareModels(headers);
  const strategy =
    word("x-waybill-session-affinity", SESSION_STRATEGIES, headers, problems) ??
    (isSwitchedOn(headers, "cf-aig-no-session-affinity") ? "none" : undefined);
  const sessionId = sessionHeader(headers, problems);
  refuse(problems);
  const routing: RoutingConfig = {
    mode: body?.mode ?? mode ?? "",
    models: [...(body && body.models.length > 0 ? body.models : (models ?? []))],
    requireParameters: body?.requireParameters ?? false,
    affinity: body?.strategy ?? strategy ?? "",
    sessionId: body?.sessionId ?? sessionId ?? "",
    sessionSource: body?.sessionId !== undefined ? "session_id_payload" : sessionId ? "session_id_header" : "",
  };
  const { models: named, requireParameters, affinity } = routing;
  const isAsked = routing.mode || named.length > 0 || requireParameters || affinity || routing.sessionId;
  return isAsked ? routing : undefined;
}

interface Problem {
  header: string;
  expected: string;
}

function refuse(problems: readonly Problem[]): void {
  const [first] = problems;
  if (!first) return;
  throw new WaybillError("invalid_value", {
    publicMessage: problems.map(({ header, expected }) => `The header ${header} must be ${expected}.`).join(" "),
    param: first.header,
  });
}

function word<Word extends string>(
  header: string,
  words: readonly Word[],
  headers: RequestHeaders,
  problems: Problem[],
): Word | undefined {
  const given = headerText(headers, header);
  if (given === undefined) return undefined;
  const known = wordOf(words, given);
  if (!known) problems.push({ header, expected: `one of ${words.join(", ")}` });
  return known;
}

function ourModels(headers: RequestHeaders, problems: Problem[]): readonly string[] | undefined {
  const header = "x-waybill-models";
  const given = headerText(headers, header);
  if (given === undefined) return undefined;
  const names = splitList(given);
  if (names.length <= ROUTING_MODELS_MAX && names.every(isModelName)) return names;
  problems.push({ header, expected: `at most ${ROUTING_MODELS_MAX} names of models, separated by commas` });
  return undefined;
}

/** Cloudflare also takes patterns, which name no model here: they are left out. */
function cloudflareModels(headers: RequestHeaders): readonly string[] | undefined {
  const given = headerText(headers, "cf-aig-allowed-models");
  return given === undefined ? undefined : splitList(given).filter(isModelName).slice(0, ROUTING_MODELS_MAX);
}

function splitList(given: string): string[] {
  return given.split(",").map((name) => name.trim());
}

function sessionHeader(headers: RequestHeaders, problems: Problem[]): string | undefined {
  let found: string | undefined;
  for (const header of SESSION_HEADERS) {
    const given = headerText(headers, header);
    if (given === undefined) continue;
    if (!isSessionId(given)) problems.push({ header, expected: "1 to 256 characters, not all of them white space" });
    else found ??= given;
  }
  return found;
}

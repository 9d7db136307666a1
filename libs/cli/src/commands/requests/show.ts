// requests show: one request, with its attempts, what they cost, and why each went where it went.
import type { Command } from "commander";
import { type Api, pathOf } from "../../api/client.ts";
import { Refusal } from "../../api/errors.ts";
import type { RequestDetail } from "../../api/requests.ts";
import { Ending } from "../../exit-codes.ts";
import { requestText } from "../../print/request-text.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addRequestsShow(requests: Command): void {
  addVerb(
    requests,
    "show <request-id>",
    "one request: each attempt with its tokens, cost and times, and why it went there; `routes explain` says more of a decision",
    "requests show 01a2147d-1ad7-7278-b220-eea48c02c247",
  ).action(async (requestId: string, _options: object, command: Command) => {
    const { api, print } = contextOf(command);
    const detail = await lookUp(api, requestId);
    print(detail, () => requestText(detail));
  });
}

/** Throws an Ending that says when a request can be found. */
export async function lookUp(api: Api, requestId: string): Promise<RequestDetail> {
  try {
    return await api.get<RequestDetail>(pathOf("requests", requestId));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
    const hint =
      "The id is the answer's x-request-id; it is known about a second after the request, see `waybill requests list`.";
    throw new Ending(`${error.message}\n${hint}`, error.exitCode);
  }
}

// Asks a router for decisions over a standing stream, as an ingress does.
import { plainCredentials, SESSION_CLIENT_OPTIONS, Session, tokenMetadata } from "@waybill/rpc";
import { makeUuidV7 } from "@waybill/service";
import { eventually } from "@waybill/testing";
import {
  Attribution,
  DecideRequest,
  Features,
  type RouterAnswer,
  type RouterCall,
  RouterServiceClient,
} from "@waybill/wire";
import type { TestStack } from "../../../stack/start-stack.ts";

const DEADLINE_MS = 10_000;

export interface RouterAsker {
  /** `ok`, or the code of what came instead. */
  decide(model: string, endUserId?: string): Promise<string>;
  stop(): void;
}

/** `key`: whose requests they are. */
export async function openRouterAsker(stack: TestStack, key: string): Promise<RouterAsker> {
  const client = new RouterServiceClient(stack.routerUrls[0] ?? "", plainCredentials, SESSION_CLIENT_OPTIONS);
  const session = new Session<RouterCall, RouterAnswer>({
    open: () => client.session(tokenMetadata(stack.operatorToken)),
  });
  await eventually(() => session.isOpen, { reason: "the router is there", timeoutMs: 10_000 });
  return {
    async decide(model, endUserId = "") {
      const request = makeRequest(model, key, endUserId);
      const told = await session.ask(
        (correlationId) => ({
          ...{ correlationId, deadlineMs: DEADLINE_MS, traceparent: "" },
          call: { $case: "decide", value: request },
        }),
        DEADLINE_MS,
      );
      if (told.kind !== "answer") return told.kind;
      const { answer } = told.answer;
      if (answer?.$case !== "decide") return "no answer";
      const { outcome } = answer.value;
      if (outcome?.$case === "refusal") return outcome.value.code;
      return outcome?.$case === "decision" ? "ok" : "no outcome";
    },
    stop() {
      session.stop();
      client.close();
    },
  };
}

function makeRequest(model: string, key: string, endUserId: string): DecideRequest {
  const features = Features.fromPartial({
    requestedModel: model,
    choiceCount: 1,
    inputTextBytes: 2_000n,
    inputPartCount: 3,
    estimatedInputTokens: 500n,
    maxOutputTokens: 500n,
    metadata: { user_plan: "paid", user_id: "user-1", region: "us-east", seats: "12" },
    headers: { "user-agent": "OpenAI/JS 6.49.0", "content-type": "application/json" },
    path: "/v1/chat/completions",
  });
  const attribution = Attribution.fromPartial({
    ...{ organisationId: "acme", teamId: "support", keyId: key.split("_")[1] ?? "", endUserId },
  });
  return DecideRequest.fromPartial({ requestId: makeUuidV7(), ingressId: "bench", attribution, features });
}

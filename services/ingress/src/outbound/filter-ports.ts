// What content filters need from the world: somebody to ask, and somewhere to put what they found in answers.
import type { Publisher } from "@waybill/bus";
import type { Clock } from "@waybill/domain";
import type { Secret, ServiceScope } from "@waybill/service";
import type { AskWebhook, RecordFindings } from "../ports.ts";
import { makeAskWebhook } from "./ask-webhook.ts";
import { makeFindingsRecorder } from "./record-findings.ts";

export function makeFilterPorts(
  publisher: Publisher,
  webhookSecret: Secret,
  scope: ServiceScope,
  clock: Clock,
): { askWebhook: AskWebhook; recordFindings: RecordFindings } {
  return {
    askWebhook: makeAskWebhook(webhookSecret, scope, clock),
    recordFindings: makeFindingsRecorder(publisher, scope),
  };
}

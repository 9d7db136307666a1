// routes explain: why a request went where it went, from its record; --replay decides it again.
import type { Command } from "commander";
import { pathOf } from "../../api/client.ts";
import type { RequestDetail } from "../../api/requests.ts";
import type { Replayed } from "../../api/shapes.ts";
import { costOf, formatDecision } from "../../print/explanation.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { lookUp } from "../requests/show.ts";

export function addRoutesExplain(routes: Command): void {
  addVerb(
    routes,
    "explain <request-id>",
    "why a request went where it went: its way, the candidates, why each was rejected, what was held and what it cost",
    "routes explain 01a2147d-1ad7-7278-b220-eea48c02c247 --replay",
  )
    .option("--replay", "decide it again from its record and say whether the explanation is the same")
    .action(async (requestId: string, { replay = false }: { replay?: boolean }, command: Command) => {
      const { api, print } = contextOf(command);
      const detail = await lookUp(api, requestId);
      const replays: (Replayed & { attempt: number })[] = [];
      for (const { attempt } of replay ? detail.decisions : []) {
        const replayed = await api.post<Replayed>(pathOf("requests", requestId, "replay"), { attempt });
        replays.push({ ...replayed, attempt });
      }
      print(replay ? { ...detail, replays } : detail, () => formatDetail(detail, replays));
    });
}

function formatDetail({ decisions, otherAttempts }: RequestDetail, replays: readonly Replayed[]): string {
  return [
    ...decisions.map((decision, index) => formatDecision(decision, replays[index])),
    ...otherAttempts.map(formatOtherAttempt),
  ].join("\n\n");
}

function formatOtherAttempt(attempt: RequestDetail["otherAttempts"][number]): string {
  const { attemptId, model, account } = attempt;
  const at = account === null ? "" : ` at account ${account}`;
  return `attempt    ${attemptId}, ${model}${at}: ${costOf(attempt)}`;
}

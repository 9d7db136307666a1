// webhooks show: a webhook, and what it was told lately.
import type { Command } from "commander";
import type { WebhookDetail } from "../../api/alerts.ts";
import { pathOf } from "../../api/client.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

export function addWebhooksShow(webhooks: Command): void {
  addVerb(
    webhooks,
    "show <id>",
    "a webhook, and what came of what it was told lately",
    "webhooks show 0f3c5a7e9b1d2f46",
  ).action(async (id: string, _options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<WebhookDetail>(pathOf("webhooks", id));
    print(found, () => {
      const { url, kinds, organisationId, deliveries, usage } = found;
      const about = formatTable(
        ["webhook", id],
        [
          ["address", url],
          ["kinds", kinds.join(", ") || "every kind of alert"],
          ["organisation", organisationId ?? "every one"],
        ],
      );
      const followed = usage === null ? "" : `\n\n${usageText(id, usage)}`;
      const told = deliveries.map(({ alertId, kind, state, tries, lastAnswer, lastTriedAt, nextTryAt }) => [
        ...[alertId, kind, state, String(tries), lastAnswer ?? "-", lastTriedAt ?? "-", nextTryAt ?? "-"],
      ]);
      return `${about}${followed}\n\n${formatTable(["alert", "kind", "state", "tries", "answer", "tried", "next try"], told)}`;
    });
  });
}

function usageText(id: string, usage: NonNullable<WebhookDetail["usage"]>): string {
  const { state, tries, lastAnswer, lastTriedAt, nextTryAt, deliveredAt, deliveredEvents } = usage;
  const line = [state, String(deliveredEvents), deliveredAt ?? "-", String(tries), lastAnswer ?? "-"];
  const table = formatTable(
    ["usage", "events", "taken", "tries", "answer", "tried", "next try"],
    [[...line, lastTriedAt ?? "-", nextTryAt ?? "-"]],
  );
  if (state !== "stopped") return table;
  return `${table}\nIt has stopped; nothing is lost: \`waybill events replay --webhook ${id}\` goes on where it did.`;
}

// webhooks: every verb.
import type { Command } from "commander";
import type { Webhook } from "../../api/alerts.ts";
import { pathOf } from "../../api/client.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { addWebhooksCreate } from "./create.ts";
import { addWebhooksShow } from "./show.ts";

export function addWebhooks(program: Command): void {
  const webhooks = program.command("webhooks").description("addresses that are told of alerts, or of what is booked");
  addVerb(webhooks, "list", "every webhook", "webhooks list").action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<{ webhooks: Webhook[] }>("/webhooks");
    print(found, () =>
      formatTable(
        ["webhook", "organisation", "address", "kinds"],
        found.webhooks.map(({ id, organisationId, url, kinds }) => [
          ...[id, organisationId ?? "every one", url, kinds.join(", ") || "every kind of alert"],
        ]),
      ),
    );
  });
  addWebhooksShow(webhooks);
  addWebhooksCreate(webhooks);
  addVerb(webhooks, "test <id>", "send a webhook an alert of the kind test", "webhooks test 0f3c5a7e9b1d2f46").action(
    async (id: string, _options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const tested = await api.post<{ alertId: string }>(`${pathOf("webhooks", id)}/test`, {});
      print(
        tested,
        () => `alert ${tested.alertId} is on its way; \`waybill webhooks show ${id}\` says what came of it`,
      );
    },
  );
  addVerb(
    webhooks,
    "delete <id>",
    "tell a webhook of nothing more",
    'webhooks delete 0f3c5a7e9b1d2f46 --reason "another address"',
  )
    .requiredOption("--reason <text>", "why; stands in the audit log")
    .action(async (id: string, { reason }: { reason: string }, command: Command) => {
      const { api, print } = contextOf(command);
      print(await api.delete(pathOf("webhooks", id), { reason }), () => `${id} is gone`);
    });
}

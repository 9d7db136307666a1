// webhooks create: an address that is told of alerts, or of what is booked; its secret is shown this one time.
import type { Command } from "commander";
import type { Webhook } from "../../api/alerts.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Options {
  kind?: string[];
  reason: string;
}

export function addWebhooksCreate(webhooks: Command): void {
  addVerb(
    webhooks,
    "create <url>",
    "have alerts, or what is booked, sent to an address, signed as Standard Webhooks are",
    "webhooks create https://hooks.example.com/waybill",
    "webhooks create https://hooks.example.com/money --kind threshold projected",
    "webhooks create https://hooks.example.com/usage --kind usage",
  )
    .option("--kind <kinds...>", "only alerts of these kinds, and usage for what is booked")
    .option("--reason <text>", "why; stands in the audit log", "")
    .action(async (url: string, { kind: kinds = [], reason }: Options, command: Command) => {
      const { api, print } = contextOf(command);
      const made = await api.post<{ webhook: Webhook; secret: string }>("/webhooks", { url, kinds, reason });
      print(made, () =>
        [`webhook ${made.webhook.id} is made; its secret, shown this one time:`, made.secret].join("\n"),
      );
    });
}

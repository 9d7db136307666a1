// models list: what can be routed to, and at which price.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";

interface Model {
  id: string;
  contextWindowTokens: number;
  live: boolean;
  version: number;
  source: string;
  deprecatedAt: string | null;
}

interface Price {
  model: string;
  price: { tiers: { input: string; output: string }[] } | null;
}

export function addModelsList(models: Command): void {
  addVerb(
    models,
    "list",
    "every model, and its price now in USD per million tokens",
    "models list",
    "models list --json",
  ).action(async (_options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const [found, { prices }] = await Promise.all([
      api.get<{ models: Model[] }>("/models"),
      api.get<{ prices: Price[] }>("/prices"),
    ]);
    const priceOf = new Map(prices.map(({ model, price }) => [model, price?.tiers[0]]));
    print(found, () =>
      formatTable(
        ["model", "served", "context", "input USD/M", "output USD/M", "version", "from", "withdrawn"],
        found.models.map(({ id, live, contextWindowTokens, version, source, deprecatedAt }) => [
          id,
          live ? "yes" : "no",
          contextWindowTokens === 0 ? "unknown" : String(contextWindowTokens),
          priceOf.get(id)?.input ?? "unknown",
          priceOf.get(id)?.output ?? "unknown",
          String(version),
          source,
          deprecatedAt ?? "",
        ]),
      ),
    );
  });
}

// models import: figures of models from lists that others keep.
import { type Command, Option } from "commander";
import { readText } from "../../files/route-files.ts";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import { collectPair } from "../option-values.ts";

interface Changes {
  changes: { model: string; change: string; fields: string[]; version: number }[];
  warnings: string[];
}

interface ImportOptions {
  format: string;
  provider: Record<string, string>;
  dryRun?: boolean;
  reason: string;
}

export function addModelsImport(models: Command): void {
  addVerb(
    models,
    "import <file>",
    "prices, windows and capabilities from LiteLLM's or models.dev's JSON, for models that are in the catalogue",
    "models import model_prices_and_context_window.json --format litellm --provider openai=openai --dry-run",
  )
    .addOption(
      new Option("--format <format>", "whose list it is").choices(["litellm", "modelsdev"]).makeOptionMandatory(),
    )
    .requiredOption("--provider <theirs=ours>", "their provider's id and ours; repeat for more", collectPair)
    .option("--dry-run", "say what would change, and change nothing")
    .option("--reason <text>", "why; stands in the audit log", "")
    .action(async (path: string, options: ImportOptions, command: Command) => {
      const { api, print, note } = contextOf(command);
      const { format, provider: providers, dryRun = false, reason } = options;
      const text = await readText(path);
      const found = await api.post<Changes>("/models/import", { format, text, providers, dryRun, reason });
      for (const warning of found.warnings) note(`warning: ${warning}`);
      if (dryRun) note("nothing was changed; this is what would be:");
      print(found, () =>
        formatTable(
          ["model", "change", "fields", "version"],
          found.changes.map(({ model, change, fields, version }) => [
            model,
            change,
            fields.join(", "),
            String(version),
          ]),
        ),
      );
    });
}

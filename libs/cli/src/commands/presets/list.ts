// presets list: ready routes to start from.
import type { Command } from "commander";
import { formatTable } from "../../print/table.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import type { Preset } from "./preset.ts";

export function addPresetsList(presets: Command): void {
  addVerb(presets, "list", "every preset, with the saving its source claims", "presets list").action(
    async (_options: unknown, command: Command) => {
      const { api, print } = contextOf(command);
      const found = await api.get<{ presets: Preset[] }>("/presets");
      print(found, () =>
        formatTable(
          ["preset", "mode", "claimed saving", "title", "models"],
          found.presets.map(({ name, mode, models, expectedSaving, title }) => [
            name,
            mode ?? "mixed",
            expectedSaving.text,
            title,
            models.join(", "),
          ]),
        ),
      );
    },
  );
}

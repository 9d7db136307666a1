// presets show: a ready route as a file.
import type { Command } from "commander";
import { Ending, EXIT } from "../../exit-codes.ts";
import { formatDocument } from "../../files/format-document.ts";
import { addVerb } from "../add-verb.ts";
import { contextOf } from "../context.ts";
import type { Preset } from "./preset.ts";

export function addPresetsShow(presets: Command): void {
  addVerb(
    presets,
    "show <name>",
    "a preset as a route file: save it, change its models, apply it",
    "presets show support > routes/support.json",
  ).action(async (name: string, _options: unknown, command: Command) => {
    const { api, print } = contextOf(command);
    const found = await api.get<{ presets: Preset[] }>("/presets");
    const preset = found.presets.find((each) => each.name === name);
    if (!preset) throw new Ending(`there is no preset ${name}; see \`waybill presets list\``, EXIT.usage);
    print(preset, () => formatDocument(preset.document).trimEnd());
  });
}

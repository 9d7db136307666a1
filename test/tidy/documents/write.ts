// `npm run docs`: writes the pages of docs/ that are made from the code.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../repository.ts";
import { loadServiceSettings, renderConfiguration } from "./configuration.ts";
import { renderErrors } from "./errors.ts";
import { renderMetrics } from "./metrics.ts";
import { renderSubjects } from "./subjects.ts";

const pages = {
  "errors.md": renderErrors(),
  "subjects.md": renderSubjects(),
  "configuration.md": renderConfiguration(await loadServiceSettings()),
  "metrics.md": renderMetrics(),
};
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(join(ROOT, "docs", name), text);
  process.stdout.write(`docs/${name}\n`);
}

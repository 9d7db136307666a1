// waybill routes: its verbs, one file each.
import type { Command } from "commander";
import { addRoutesApply } from "./apply.ts";
import { addRoutesCheck } from "./check.ts";
import { addRoutesDelete } from "./delete.ts";
import { addRoutesDeploy } from "./deploy.ts";
import { addRoutesDiff } from "./diff.ts";
import { addRoutesExplain } from "./explain.ts";
import { addRoutesExport } from "./export.ts";
import { addRoutesImport } from "./import.ts";
import { addRoutesList } from "./list.ts";
import { addRoutesPlan } from "./plan.ts";
import { addRoutesPull } from "./pull.ts";
import { addRoutesRollback } from "./rollback.ts";
import { addRoutesShow } from "./show.ts";
import { addRoutesSimulate } from "./simulate.ts";
import { addRoutesVersions } from "./versions.ts";

export function addRoutes(program: Command): void {
  const routes = program.command("routes").description("versioned graphs that pick the model");
  addRoutesList(routes);
  addRoutesVersions(routes);
  addRoutesShow(routes);
  addRoutesDiff(routes);
  addRoutesPull(routes);
  addRoutesPlan(routes);
  addRoutesApply(routes);
  addRoutesDeploy(routes);
  addRoutesRollback(routes);
  addRoutesDelete(routes);
  addRoutesImport(routes);
  addRoutesExport(routes);
  addRoutesCheck(routes);
  addRoutesSimulate(routes);
  addRoutesExplain(routes);
}

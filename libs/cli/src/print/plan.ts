// A plan in words: what would change, and what recent requests would have done.
import type { Problem } from "../exit-codes.ts";
import { type Backtest, formatBacktest } from "./backtest.ts";
import { type Paint, paintDiffLine } from "./colour.ts";
import { plainText } from "./plain-text.ts";
import { problemLines } from "./problems.ts";

export interface PlannedRoute {
  name: string;
  path: string;
  /** saved: it is a version already, and another one is in service. */
  change: "new" | "changed" | "saved" | "same";
  /** Of the change, for people. */
  lines: readonly string[];
  warnings: readonly string[];
  problems: readonly Problem[];
  /** 0: there is none. */
  latestVersion: number;
  /** null: none is in service. */
  deployedVersion: number | null;
  backtest?: Backtest;
}

/** `onlyOnServer`: names that have no file. */
export function formatPlan(planned: readonly PlannedRoute[], onlyOnServer: readonly string[], paint: Paint): string {
  // Hundreds of routes that stay as they are are one line.
  const same = planned.filter((route) => route.change === "same" && route.problems.length === 0);
  const parts = planned.filter((route) => !same.includes(route)).map((route) => formatRoute(route, paint));
  if (same.length > 0) parts.push(`same: ${same.map(({ name }) => name).join(", ")}`);
  if (onlyOnServer.length > 0) parts.push(`only on the server, left alone: ${onlyOnServer.join(", ")}`);
  return parts.length === 0 ? "no route files" : parts.join("\n\n");
}

function formatRoute(route: PlannedRoute, paint: Paint): string {
  const { name, path, lines, warnings, problems, backtest } = route;
  return [
    paint("bold", plainText(`${name} (${path}): ${problems.length > 0 ? "has problems" : changeOf(route)}`)),
    ...lines.map((line) => `  ${paintDiffLine(paint, plainText(line))}`),
    ...warnings.map((warning) => `  warning: ${plainText(warning)}`),
    ...problemLines(problems).map((line) => `  ${paint("red", `problem: ${line}`)}`),
    ...(backtest ? formatBacktest(backtest).map((line) => `  ${line}`) : []),
  ].join("\n");
}

function changeOf({ change, latestVersion, deployedVersion }: PlannedRoute): string {
  if (change !== "saved") return change;
  const inService = deployedVersion === null ? "nothing" : `version ${deployedVersion}`;
  return `saved as version ${latestVersion}; ${inService} is in service`;
}

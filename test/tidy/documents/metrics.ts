// docs/metrics.md from the places in the code where a metric is made.
import ts from "typescript";
import { readRepository, type SourceFile } from "../repository.ts";
import { code, GENERATED, table } from "./markdown.ts";

export interface MetricMade {
  /** Service, or `every service`. */
  service: string;
  name: string;
  kind: "counter" | "gauge" | "histogram";
  description: string;
  place: string;
}

const INTRODUCTION = `# Metrics

Every service serves these at \`/metrics\` of its health port, in Prometheus text form. Names end in their unit. No label ever holds a
user, a key, a request or anything else without bound; provider, model, route and error code are bounded by configuration.
What to look at first when something burns stands in [operating.md](operating.md).`;

const ORDER = ["every service", "ingress", "router", "budget", "worker", "ledger", "console"];
const KINDS = new Set(["counter", "gauge", "histogram"]);

/** As Prometheus shows it: a counter's name ends in _total. */
export const shownName = ({ kind, name }: MetricMade): string =>
  kind === "counter" && !name.endsWith("_total") ? `${name}_total` : name;

export function renderMetrics(files: readonly SourceFile[] = readRepository()): string {
  const made = files.flatMap(metricsOf);
  const sections = ORDER.flatMap((service) => {
    const own = made.filter((metric) => metric.service === service).sort((a, b) => (a.name < b.name ? -1 : 1));
    const rows = own.map((metric) => [code(shownName(metric)), metric.kind, metric.description]);
    return rows.length === 0 ? [] : ["", `## ${service}`, "", table(["metric", "kind", "meaning"], rows)];
  });
  return [GENERATED, INTRODUCTION, ...sections, ""].join("\n");
}

/** Calls like `metrics.counter("waybill_x", "What it counts")`. Throws where the meaning is not written beside the name. */
export function metricsOf(file: SourceFile): MetricMade[] {
  const service = serviceOf(file.path);
  if (service === undefined || !file.text.includes("waybill_")) return [];
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const made: MetricMade[] = [];
  const visit = (node: ts.Node): void => {
    const metric = ts.isCallExpression(node) ? metricOf(node) : undefined;
    if (metric) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const place = `${file.path}:${line}`;
      if (metric.description === undefined) throw new Error(`${place}: write the meaning of ${metric.name} beside it`);
      made.push({ ...metric, description: metric.description, service, place });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return made;
}

function serviceOf(path: string): string | undefined {
  if (!path.endsWith(".ts") || path.endsWith(".test.ts")) return undefined;
  if (path.startsWith("libs/service/src/")) return "every service";
  return /^services\/([^/]+)\/src\//.exec(path)?.[1];
}

function metricOf(
  call: ts.CallExpression,
): { name: string; kind: MetricMade["kind"]; description: string | undefined } | undefined {
  const callee = call.expression;
  const kind = ts.isPropertyAccessExpression(callee) ? callee.name.text : ts.isIdentifier(callee) ? callee.text : "";
  const [name, description] = call.arguments;
  if (!KINDS.has(kind) || !name || !ts.isStringLiteral(name) || !name.text.startsWith("waybill_")) return undefined;
  return {
    name: name.text,
    kind: kind as MetricMade["kind"],
    description: description && ts.isStringLiteral(description) ? description.text : undefined,
  };
}

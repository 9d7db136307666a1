// A route document as text, checked before it is saved and again before it goes into service.
import { type RouteProblem, readRouteText } from "@waybill/routes";
import { type Compilation, compileRoute, type KnownNames, type RouteIdentity } from "./route/compile.ts";

/** The same text always compiles to the same; what is no JSON or too large is one problem. */
export function checkRouteText(identity: RouteIdentity, text: string, known: KnownNames): Compilation {
  const whole = readRouteText(text).problems.find(isOfTheText);
  if (whole) return { route: undefined, problems: [whole] };
  return compileRoute(identity, JSON.parse(text), known);
}

/** Problems of the text itself have neither node nor field. */
function isOfTheText({ node, field }: RouteProblem): boolean {
  return node === "" && field === "";
}

const PROBLEMS_SHOWN_MAX = 20;

/** Problems as one sentence, for answers that have no list. */
export function problemsAsText(problems: readonly RouteProblem[]): string {
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ node, field, problem }) => {
    const where = [node, field].filter((part) => part !== "").join(".");
    return where === "" ? problem : `${where} ${problem}`;
  });
  const more = problems.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

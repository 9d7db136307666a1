// How long can a walk get? A limit node is walked both ways, so nested ones multiply: bounded when a route is saved, not when
// it is walked.
import type { RouteProblem } from "@waybill/routes";
import type { CompiledNode } from "./compiled-route.ts";

/** Models and `auto` nodes that one request can meet. */
export const STOPS_MAX = 32;
/** Nodes that one request can pass, those behind both edges of a limit counted for each way there. */
const STEPS_MAX = 2_000;

interface Size {
  steps: number;
  stops: number;
}

/** The problem of a route whose walk can get too long, or undefined. */
export function checkWalk(start: CompiledNode): RouteProblem | undefined {
  const { steps, stops } = sizeOf(start, new Map());
  if (stops > STOPS_MAX) {
    return { node: "", field: "nodes", problem: `a request can meet ${stops} models, more than ${STOPS_MAX}` };
  }
  if (steps > STEPS_MAX) {
    return { node: "", field: "nodes", problem: `a request can pass ${steps} nodes, more than ${STEPS_MAX}` };
  }
  return undefined;
}

const LARGEST = Number.MAX_SAFE_INTEGER;

function sizeOf(node: CompiledNode, known: Map<CompiledNode, Size>): Size {
  const found = known.get(node);
  if (found) return found;
  const size = below(node, (next) => sizeOf(next, known));
  known.set(node, size);
  return size;
}

function below(node: CompiledNode, size: (next: CompiledNode) => Size): Size {
  switch (node.kind) {
    case "start":
      return longer(1, 0, [size(node.next)]);
    case "if":
      return longer(1, 0, [size(node.whenTrue), size(node.whenFalse)]);
    case "split":
      return longer(
        1,
        0,
        node.arms.map(({ next }) => size(next)),
      );
    case "limit": {
      const [within, exceeded] = [size(node.within), size(node.exceeded)];
      return {
        steps: Math.min(LARGEST, 1 + within.steps + exceeded.steps),
        stops: Math.min(LARGEST, within.stops + exceeded.stops),
      };
    }
    case "model":
    case "auto":
      return longer(1, 1, node.fallback ? [size(node.fallback)] : []);
    case "end":
      return { steps: 1, stops: 0 };
  }
}

function longer(steps: number, stops: number, ways: Size[]): Size {
  return {
    steps: steps + Math.max(0, ...ways.map((way) => way.steps)),
    stops: stops + Math.max(0, ...ways.map((way) => way.stops)),
  };
}

// Walking a checked graph: from the start to the models a request may be sent to, in the order in which they are to be tried.
// A limit is walked both ways, because whether it is reached is only known when its money is asked for.
import type { Facts, LimitNode } from "@waybill/routes";
import type { AutoStop, CompiledNode, CompiledRoute, ModelStop } from "./compiled-route.ts";
import { keyValue } from "./key-value.ts";
import { armByDraw, armByKey } from "./pick-arm.ts";

/** A model or `auto` node the walk met. */
export interface Stop {
  node: ModelStop | AutoStop;
  /** "<node>" or "<node>:<edge taken>" from the start to here. */
  path: string[];
  /** Every attempt here counts towards these. */
  limits: LimitUse[];
  /** Limit nodes that must have been found exceeded for this stop to be taken. */
  onlyAfter: string[];
}

/** One limit node for one value of its key. */
export interface LimitUse {
  node: string;
  limit: LimitNode;
  /** Empty: one counter for all. */
  keyValue: string;
}

/** Stands for requests without a value, so that they share one counter and none goes uncounted. */
const NO_VALUE = "(none)";

/** `draw` gives a split node's chance, from 0 to 1. The graph has no circle and its size was checked, so a walk ends. */
export function walk(route: CompiledRoute, facts: Facts, draw: (nodeId: string) => number): Stop[] {
  const stops: Stop[] = [];
  const salt = `${route.organisationId}/${route.name}`;
  const go = (from: CompiledNode, before: readonly string[], limits: LimitUse[], onlyAfter: string[]): void => {
    const path = [...before];
    let node: CompiledNode | undefined = from;
    while (node) {
      switch (node.kind) {
        case "start":
          path.push(node.id);
          node = node.next;
          break;
        case "if": {
          const isTrue = node.condition.holds(facts);
          path.push(`${node.id}:${isTrue}`);
          node = isTrue ? node.whenTrue : node.whenFalse;
          break;
        }
        case "split": {
          const value: string | undefined = node.by === "random" ? undefined : keyValue(node.by, facts);
          const index: number =
            value === undefined
              ? armByDraw(node.arms, draw(node.id))
              : armByKey(node.arms, `${salt}/${node.id}`, value);
          path.push(`${node.id}:${node.arms[index]?.percent ?? 0}%`);
          node = node.arms[index]?.next;
          break;
        }
        case "limit": {
          const { id, limit, within, exceeded } = node;
          const value = limit.key === "route" ? "" : (keyValue(limit.key, facts) ?? NO_VALUE);
          go(within, [...path, `${id}:within`], [...limits, { node: id, limit, keyValue: value }], onlyAfter);
          go(exceeded, [...path, `${id}:exceeded`], limits, [...onlyAfter, id]);
          return;
        }
        case "model":
        case "auto":
          path.push(node.id);
          stops.push({ node, path: [...path], limits, onlyAfter });
          // The way on is only gone when this one fails; the path says so.
          path[path.length - 1] = `${node.id}:fallback`;
          node = node.fallback;
          break;
        case "end":
          node = undefined;
          break;
      }
    }
  };
  go(route.start, [], [], []);
  return stops;
}

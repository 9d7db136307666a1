// Reading the nodes that make provider calls: model and auto, which share retries, timeouts and fallbacks.
import { isObject } from "../json-fields.ts";
import type { NodeReader } from "./read-fields.ts";
import {
  AFFINITIES,
  type AttemptPolicy,
  AUTO_MODELS_MAX,
  AUTO_MODES,
  type AutoNode,
  BACKOFFS,
  COMMIT_MS_MAX,
  COMMIT_TOKENS_MAX,
  type CommitAfter,
  DEFAULT_FALLBACK_ON,
  FAILURE_CLASSES,
  type ModelNode,
  type NodeTimeouts,
  RETRIES_MAX,
  RETRY_DELAY_MS_MAX,
  TIMEOUT_MS_MAX,
} from "./route-document.ts";

const MODEL_NAME_CHARACTERS_MAX = 256;
const TIMEOUT_FIELDS = ["connectMs", "firstTokenMs", "gapMs", "totalMs"] as const;

export function readModel(id: string, item: NodeReader): ModelNode {
  const model = item.text("model", MODEL_NAME_CHARACTERS_MAX, "the name of a model or an alias");
  return { id, kind: "model", model, ...attempts(item) };
}

export function readAuto(id: string, item: NodeReader): AutoNode {
  const firstTokenMsMax = item.integer("firstTokenMsMax", 1, TIMEOUT_MS_MAX, 0);
  return {
    id,
    kind: "auto",
    mode: item.oneOf("mode", AUTO_MODES, "balanced"),
    bandPercent: readBand(item),
    models: readModels(item),
    affinity: item.oneOf("affinity", AFFINITIES, "none"),
    firstTokenMsMax: firstTokenMsMax === 0 ? undefined : firstTokenMsMax,
    ...attempts(item),
  };
}

function attempts(item: NodeReader): AttemptPolicy & Pick<ModelNode, "next" | "fallback"> {
  const commitAfter = readCommitAfter(item);
  return {
    retries: item.integer("retries", 0, RETRIES_MAX, 0),
    retryDelayMs: item.integer("retryDelayMs", 0, RETRY_DELAY_MS_MAX, 0),
    backoff: item.oneOf("backoff", BACKOFFS, "exponential"),
    timeouts: readTimeouts(item),
    fallbackOn: item.someOf("fallbackOn", FAILURE_CLASSES, DEFAULT_FALLBACK_ON),
    next: item.edge("next"),
    fallback: item.optionalEdge("fallback"),
    ...(commitAfter && { commitAfter }),
  };
}

function readTimeouts(item: NodeReader): NodeTimeouts {
  const value = item.value("timeouts");
  if (value === undefined) return {};
  if (!isObject(value)) {
    item.report("timeouts", `must be an object of ${TIMEOUT_FIELDS.join(", ")}`);
    return {};
  }
  const timeouts: NodeTimeouts = {};
  for (const [name, ms] of Object.entries(value)) {
    const field = TIMEOUT_FIELDS.find((known) => known === name);
    if (!field) item.report(`timeouts.${name}`, `is no timeout; there are ${TIMEOUT_FIELDS.join(", ")}`);
    else if (!Number.isInteger(ms) || (ms as number) < 1 || (ms as number) > TIMEOUT_MS_MAX)
      item.report(`timeouts.${name}`, `must be a whole number from 1 to ${TIMEOUT_MS_MAX}`);
    else timeouts[field] = ms as number;
  }
  return timeouts;
}

function readCommitAfter(item: NodeReader): CommitAfter | undefined {
  const value = item.value("commitAfter");
  if (value === undefined) return undefined;
  const isPart = (part: unknown, max: number): boolean =>
    part === undefined || (Number.isInteger(part) && (part as number) >= 1 && (part as number) <= max);
  if (isObject(value)) {
    const { ms, tokens, ...others } = value;
    const isSaid = ms !== undefined || tokens !== undefined;
    const isRight = isPart(ms, COMMIT_MS_MAX) && isPart(tokens, COMMIT_TOKENS_MAX);
    if (isSaid && isRight && Object.keys(others).length === 0) return value as CommitAfter;
  }
  const limits = `up to ${COMMIT_MS_MAX} ms and ${COMMIT_TOKENS_MAX} tokens`;
  item.report("commitAfter", `must be like {"ms": 500}, {"tokens": 20} or both: ${limits}`);
  return undefined;
}

function readBand(item: NodeReader): number | undefined {
  const band = item.value("bandPercent");
  if (band === undefined) return undefined;
  if (typeof band === "number" && band >= 0 && band <= 100) return band;
  item.report("bandPercent", "must be a number from 0 to 100");
  return undefined;
}

function readModels(item: NodeReader): readonly string[] {
  const models = item.value("models");
  if (models === undefined) return [];
  const isName = (name: unknown): boolean =>
    typeof name === "string" && name !== "" && name.length <= MODEL_NAME_CHARACTERS_MAX;
  if (Array.isArray(models) && models.length <= AUTO_MODELS_MAX && models.every(isName)) {
    return [...new Set(models as string[])];
  }
  item.report("models", `must be a list of at most ${AUTO_MODELS_MAX} names of models`);
  return [];
}

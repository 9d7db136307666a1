// Anthropic's official clients of a test stack, in both wire versions.
import Anthropic from "@anthropic-ai/sdk";
import Anthropic0 from "anthropic-sdk-0";
import type { TestStack } from "./start-stack.ts";

/** 1.x sends a bearer token and version 2026-10-21, 0.x x-api-key and 2023-06-01. What tests use of the two is the same. */
export const ANTHROPIC_SDKS = [
  ["1.x", Anthropic],
  ["0.x", Anthropic0 as unknown as typeof Anthropic],
] as const;

/** No retries of its own, so that a test sees every answer. */
export function anthropicClient(
  stack: TestStack,
  Sdk: typeof Anthropic = Anthropic,
  key = stack.keys.support_1,
): Anthropic {
  const credentials = Sdk === Anthropic ? { authToken: key, apiKey: null } : { apiKey: key };
  return new Sdk({ baseURL: stack.url, maxRetries: 0, ...credentials });
}

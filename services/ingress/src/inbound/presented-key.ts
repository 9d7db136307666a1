// The API key as a client presents it.
import type { FastifyRequest } from "fastify";

/** The key of `Authorization: Bearer …`, else of `x-api-key`. */
export function presentedKey(request: FastifyRequest): string | undefined {
  const { authorization, "x-api-key": apiKey } = request.headers;
  if (authorization?.startsWith("Bearer ")) return authorization.slice("Bearer ".length).trim();
  return typeof apiKey === "string" ? apiKey : undefined;
}

// An endpoint as a route of the server: who asks is settled first, then what came in is checked, then the endpoint answers.
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import { z } from "zod";
import type { Administer } from "../administer.ts";
import { answerInLines, LINES } from "./answer-in-lines.ts";
import type { Answer } from "./answers.ts";
import { checkInput } from "./check-input.ts";
import { type AnyEndpoint, areaOf, type Dialect, FileAnswer, type Follower, isChange } from "./endpoint.ts";
import { errorBody } from "./schemas/basics.ts";
import { cloudflareError } from "./schemas/cloudflare.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    endpoint?: AnyEndpoint;
  }
}

const ERROR_BODIES: Readonly<Record<Dialect, z.ZodType>> = { waybill: errorBody, cloudflare: cloudflareError };

/** `answerOf`: what is said of an error after the answer has begun. */
export function addEndpoint(
  server: FastifyInstance,
  endpoint: AnyEndpoint,
  administer: Administer,
  answerOf: (error: unknown, request: FastifyRequest) => Answer,
): void {
  server.route({
    method: endpoint.method,
    url: routerPath(endpoint.path),
    schema: schemaOf(endpoint),
    config: { endpoint },
    ...(endpoint.bodyBytesMax !== undefined && { bodyLimit: endpoint.bodyBytesMax }),
    async onRequest(request) {
      request.admin = await administer(presentedKey(request.headers.authorization), {
        area: areaOf(endpoint),
        isChange: isChange(endpoint),
        isOfInstallation: endpoint.isOfInstallation ?? false,
        organisationId: organisationOf(endpoint.dialect, request),
      });
    },
    async handler(request, reply) {
      const { admin, query } = request;
      // fastify says null where none came.
      const body = request.body ?? undefined;
      const given = checkInput(endpoint, { params: paramsOf(endpoint, request.params), query, body });
      if (!admin) throw new Error("nobody was let in");
      const handle = (follower: Follower): Promise<unknown> => endpoint.handle({ admin, ...given }, follower);
      const left = abortedWhenGone(reply);
      if (endpoint.tellsProgress && request.headers.accept?.includes(LINES)) {
        const lines = await answerInLines(
          (tell) => handle({ tell, signal: left }),
          (error) => answerOf(error, request).body,
        );
        return reply.code(200).header("content-type", LINES).send(lines);
      }
      const answer = await handle({ tell() {}, signal: left });
      if (answer instanceof FileAnswer) {
        reply.header("content-disposition", `attachment; filename="${answer.name}"`);
        return reply.type(answer.mediaType).send(answer.content);
      }
      return reply.code(endpoint.status ?? 200).send(answer);
    },
  });
}

function abortedWhenGone(reply: FastifyReply): AbortSignal {
  const left = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) left.abort();
  });
  return left.signal;
}

/** The key of `Authorization: Bearer …`. */
export function presentedKey(authorization: string | undefined): string | undefined {
  return authorization?.startsWith("Bearer ") ? authorization.slice("Bearer ".length).trim() : undefined;
}

/** Cloudflare's account is an organisation of ours. */
function organisationOf(dialect: Dialect, { query, params }: { query: unknown; params: unknown }): string | undefined {
  return dialect === "cloudflare" ? textField(params, "account_id") : textField(query, "organisation");
}

function textField(of: unknown, name: string): string | undefined {
  const value = typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

const REST = /\{(\w+)\.\.\.\}$/;

/** Our way of writing a path as fastify's. */
function routerPath(path: string): string {
  return path.replace(REST, "*").replace(/\{(\w+)\}/g, ":$1");
}

/** And as the document's. */
export function documentPath(path: string): string {
  return path.replace(REST, "{$1}");
}

function paramsOf({ path }: AnyEndpoint, params: unknown): unknown {
  const rest = REST.exec(path)?.[1];
  if (rest === undefined || typeof params !== "object" || params === null || !("*" in params)) return params;
  const { "*": value, ...others } = params;
  return { ...others, [rest]: value };
}

/** For the document only: the schemas themselves check. */
function schemaOf(endpoint: AnyEndpoint): FastifySchema {
  const { id, tag, summary, description, params, query, body, status = 200, dialect } = endpoint;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    ...(hasFields(params) && { params: inputSchema(params) }),
    ...(hasFields(query) && { querystring: inputSchema(query) }),
    ...(!(body instanceof z.ZodUndefined) && { body: inputSchema(body) }),
    response: {
      [status]: { description: "Done", ...successOf(endpoint) },
      default: errorResponse(dialect),
    },
  };
}

function successOf({ answer, files }: AnyEndpoint): Record<string, unknown> {
  if (!files) return outputSchema(answer);
  return { content: Object.fromEntries(files.map((mediaType) => [mediaType, { schema: outputSchema(answer) }])) };
}

/** What every operation may answer instead. */
export function errorResponse(dialect: Dialect): Record<string, unknown> {
  return { description: "What cannot be done, and why", ...outputSchema(ERROR_BODIES[dialect]) };
}

function hasFields(schema: z.ZodType): boolean {
  return schema instanceof z.ZodObject && Object.keys(schema.shape).length > 0;
}

function inputSchema(schema: z.ZodType): Record<string, unknown> {
  return jsonSchema(schema, "input");
}

function outputSchema(schema: z.ZodType): Record<string, unknown> {
  return jsonSchema(schema, "output");
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

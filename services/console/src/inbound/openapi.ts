// The OpenAPI 3.1 document: collected from the very routes that are served, with the schemas that check them.
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import type { Administer } from "../administer.ts";
import type { Wish } from "../core/access.ts";
import { documentPath, errorResponse, presentedKey } from "./add-endpoint.ts";
import type { AnyEndpoint } from "./endpoint.ts";

export const DOCUMENT_PATH = "/api/v1/openapi.json";
const WISH: Wish = { area: "about", isChange: false, isOfInstallation: false, organisationId: undefined };

/** Must be added before the routes it is to describe. */
export async function addDocument(
  server: FastifyInstance,
  endpoints: readonly AnyEndpoint[],
  administer: Administer,
): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Waybill admin API",
        version: "1",
        description:
          "Routes, models, accounts and decisions. Money is decimal USD text, times are ISO 8601. Every answer has its id as x-request-id and as request-id.",
      },
      components: {
        securitySchemes: {
          adminKey: { type: "http", scheme: "bearer", description: "An admin key, wba_<public id>_<secret>" },
        },
      },
      security: [{ adminKey: [] }],
    },
    // A parameter that takes slashes is a `*` to the server and a name to readers.
    transform({ schema, url, route }) {
      const path = route.config?.endpoint?.path;
      return { schema, url: path === undefined ? url : documentPath(path) };
    },
  });
  server.get(
    DOCUMENT_PATH,
    {
      schema: {
        operationId: "getOpenApi",
        tags: ["about"],
        summary: "This document",
        response: {
          200: { description: "OpenAPI 3.1", type: "object", additionalProperties: true },
          default: errorResponse("waybill"),
        },
      },
      async onRequest(request) {
        request.admin = await administer(presentedKey(request.headers.authorization), WISH);
      },
    },
    async () => sayWhichBodiesAreOptional(server.swagger(), endpoints),
  );
}

/** The collector calls every body required; one that may be left out is not. */
function sayWhichBodiesAreOptional(
  document: { paths?: Record<string, object | undefined> },
  endpoints: readonly AnyEndpoint[],
): unknown {
  const optional = new Set(endpoints.filter(({ body }) => body.safeParse(undefined).success).map(({ id }) => id));
  for (const operations of Object.values(document.paths ?? {})) {
    for (const operation of Object.values({ ...operations })) {
      if (isOperation(operation) && optional.has(operation.operationId)) operation.requestBody.required = false;
    }
  }
  return document;
}

interface OperationWithBody {
  operationId: string;
  requestBody: { required: boolean };
}

function isOperation(value: unknown): value is OperationWithBody {
  return typeof value === "object" && value !== null && "operationId" in value && "requestBody" in value;
}

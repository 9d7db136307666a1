// The document as the server gives it out: sound as OpenAPI 3.1, and of the very endpoints that are served.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeUuidV7, Secret, systemClock } from "@waybill/service";
import { freePort } from "@waybill/testing";
import { connectOwners } from "../outbound/connect-owners.ts";
import { documentPath } from "./add-endpoint.ts";
import type { AnyEndpoint } from "./endpoint.ts";
import { allEndpoints } from "./endpoints.ts";
import { type HttpServer, serveHttp } from "./http.ts";
import { DOCUMENT_PATH } from "./openapi.ts";

type Json = Record<string, unknown>;
interface Parameter {
  name: string;
  in: string;
  required: boolean;
  schema: Json;
}
interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, { schema: Json }> };
  responses: Record<string, { description: string; content: Record<string, { schema: Json }> }>;
}
interface OpenApi {
  openapi: string;
  info: Json;
  security: Record<string, unknown>[];
  components: { securitySchemes: Json };
  paths: Record<string, Record<string, Operation>>;
}

const stops: (() => unknown)[] = [];
let endpoints: AnyEndpoint[];
let server: HttpServer;
let document: OpenApi;
before(async () => {
  const nobody = [`127.0.0.1:${await freePort()}`];
  const config = {
    WAYBILL_ROUTER_URLS: nobody,
    WAYBILL_BUDGET_URLS: nobody,
    WAYBILL_LEDGER_URLS: nobody,
    WAYBILL_SERVICE_TOKEN: new Secret("x"),
    WAYBILL_OWNER_TIMEOUT_MS: 100,
  };
  const owners = connectOwners(config, { onStop: (_, stop) => void stops.push(() => stop(0)) });
  endpoints = allEndpoints(owners, systemClock, 1_024);
  server = await serveHttp(
    {
      WAYBILL_HTTP_HOST: "127.0.0.1",
      WAYBILL_HTTP_PORT: 0,
      WAYBILL_BODY_BYTES_MAX: 1_024,
      WAYBILL_REQUEST_RECEIVE_TIMEOUT_MS: 5_000,
    },
    {
      endpoints,
      administer: async () => ({ actor: { adminKeyId: "a", name: "a" }, organisationId: "", isOfInstallation: true }),
      makeId: makeUuidV7,
      monotonicMs: systemClock.monotonicMs,
      onAnswer: () => {},
      onError: (error) => assert.fail(String(error)),
    },
  );
  document = (await (await fetch(`http://127.0.0.1:${server.port}${DOCUMENT_PATH}`)).json()) as OpenApi;
});
after(async () => {
  await server.close();
  for (const stop of stops) stop();
});

const operations = (): [path: string, method: string, operation: Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [path, method, operation]),
  );

test("every endpoint that is served is in the document, and nothing else", () => {
  const served = endpoints.map(({ method, path }) => `${method} ${documentPath(path)}`);
  const told = operations().map(([path, method]) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(told.sort(), [...served, `GET ${DOCUMENT_PATH}`].sort());
});

test("it is OpenAPI 3.1, with a name, a version and one way to be let in, which exists", () => {
  assert.match(document.openapi, /^3\.1\.\d+$/);
  assert.ok(document.info.title && document.info.version);
  const ways = document.security.flatMap((way) => Object.keys(way));
  assert.ok(ways.length > 0 && ways.every((way) => way in document.components.securitySchemes));
});

test("every operation has a name of its own, a summary, a tag, a good answer and the answer when it is refused", () => {
  const names = operations().map(([, , { operationId }]) => operationId);
  assert.equal(new Set(names).size, names.length);
  const files = new Map(endpoints.flatMap(({ id, files: types }) => (types ? [[id, types] as const] : [])));
  assert.ok(files.size > 0);
  for (const [path, method, { operationId, summary, tags, responses }] of operations()) {
    const at = `${method} ${path}`;
    assert.ok(summary.length > 3 && tags.length === 1, at);
    assert.ok(
      Object.keys(responses).some((status) => /^20[01]$/.test(status)),
      at,
    );
    assert.ok(responses.default, at);
    for (const [status, { description, content }] of Object.entries(responses)) {
      const mediaTypes = (status !== "default" && files.get(operationId)) || ["application/json"];
      assert.deepEqual(Object.keys(content), mediaTypes, at);
      assert.ok(description && Object.values(content).every(({ schema }) => schema), at);
    }
  }
});

test("the parameters of a path are all described, once, and are required", () => {
  for (const [path, method, { parameters = [] }] of operations()) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const described = parameters.filter((parameter) => parameter.in === "path");
    const at = `${method} ${path}`;
    assert.deepEqual(described.map(({ name }) => name).sort(), inPath.sort(), at);
    assert.ok(
      described.every(({ required }) => required),
      at,
    );
    assert.equal(new Set(parameters.map((p) => `${p.in} ${p.name}`)).size, parameters.length, at);
    assert.ok(
      parameters.every(({ schema }) => Object.keys(schema).length > 0),
      at,
    );
  }
});

test("what changes something takes a body of JSON where it needs one, and looks take none", () => {
  for (const [path, method, { requestBody }] of operations()) {
    if (method === "get" || method === "delete") assert.equal(requestBody, undefined, path);
    else assert.ok(requestBody?.content["application/json"]?.schema, `${method} ${path}`);
  }
});

test("a body is required exactly where it may not be left out", () => {
  for (const { id, body } of endpoints) {
    const operation = operations().find(([, , { operationId }]) => operationId === id)?.[2];
    if (operation?.requestBody) assert.equal(operation.requestBody.required, !body.safeParse(undefined).success, id);
  }
});

/** Keywords of JSON Schema 2020-12 that the document uses; a wrong one would say nothing to anybody. */
const KEYWORDS = new Set([
  ...["type", "enum", "const", "pattern", "format", "minimum", "maximum", "minLength", "maxLength", "minItems"],
  ...["maxItems", "required", "properties", "additionalProperties", "propertyNames", "items", "anyOf", "default"],
  "description",
]);

test("schemas say only what JSON Schema knows, and refer to nothing that is not there", () => {
  const wrong: string[] = [];
  const walk = (schema: unknown, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    for (const [keyword, said] of Object.entries(schema)) {
      if (!KEYWORDS.has(keyword)) wrong.push(`${at}: ${keyword}`);
      else if (keyword === "properties") {
        for (const [name, inner] of Object.entries(said as Json)) walk(inner, `${at}.${name}`);
      } else if (keyword === "anyOf") for (const inner of said as unknown[]) walk(inner, at);
      else if (["items", "additionalProperties", "propertyNames"].includes(keyword)) walk(said, `${at}[]`);
    }
  };
  for (const [path, , { parameters = [], requestBody, responses }] of operations()) {
    for (const { name, schema } of parameters) walk(schema, `${path} ${name}`);
    for (const { schema } of Object.values(requestBody?.content ?? {})) walk(schema, `${path} body`);
    for (const { content } of Object.values(responses)) {
      for (const { schema } of Object.values(content)) walk(schema, `${path} answer`);
    }
  }
  assert.deepEqual(wrong, []);
});

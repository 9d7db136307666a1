// Routes, their versions and deployments, and the shapes they come and go in.
import { ROUTE_SHAPES } from "@waybill/routes";
import { z } from "zod";
import { isoTime, limit, organisation, problem, reason, routeName } from "./basics.ts";

const versionNumber = z.int().min(1);
/** In a path or query. */
const versionText = z.coerce.number().int().min(1).max(2_147_483_647);

export const routeParams = z.strictObject({ name: routeName });
export const versionParams = z.strictObject({
  name: routeName,
  version: z
    .union([z.literal("current"), versionText])
    .describe("A number, or `current`: the deployed one, else the latest"),
});
export const listRoutesQuery = z.strictObject({
  organisation: organisation.optional(),
  after: z.string().max(64).default("").describe("Names after this one"),
  limit,
});
export const listVersionsQuery = z.strictObject({
  organisation: organisation.optional(),
  before: z.coerce.number().int().min(0).max(2_147_483_647).default(0).describe("Versions below this one"),
  limit,
});
export const listDeploymentsQuery = z.strictObject({ organisation: organisation.optional(), limit });
export const deleteQuery = z.strictObject({ organisation: organisation.optional(), reason: reason.default("") });
export const diffQuery = z.strictObject({
  organisation: organisation.optional(),
  from: versionText.optional().describe("Default: the deployed one"),
  to: versionText.optional().describe("Default: the latest"),
});

export const shape = z.enum(ROUTE_SHAPES);
export const exportQuery = z.strictObject({
  organisation: organisation.optional(),
  shape: shape.default("waybill"),
  version: versionText.optional().describe("Default: the deployed one, else the latest"),
});

export const route = z.object({
  id: z.string().describe("Stays the same when the name changes"),
  organisationId: z.string().describe("Empty: everyone's"),
  name: z.string(),
  createdAt: isoTime,
  modifiedAt: isoTime,
  latestVersion: versionNumber,
  deployedVersion: versionNumber.nullable(),
  deployedAt: isoTime.nullable(),
  deploymentId: z.string().nullable(),
});
export const routeList = z.object({
  routes: z.array(route),
  total: z.int(),
  nextAfter: z.string().nullable().describe("`after` of the next page; null: there is no more"),
});

/** The graph; what it may hold is checked by the router, and every problem is told at once. */
export const routeDocument = z
  .record(z.string(), z.unknown())
  .describe("The graph: {nodes: [...]}, see docs/routes.md");

const versionSummary = z.object({
  version: versionNumber,
  createdAt: isoTime,
  createdBy: z.string(),
  reason: z.string(),
  deployed: z.boolean().describe("It is the one that is live"),
  sourceShape: shape.nullable().describe("What it was imported from; null: it was not"),
});
export const routeVersion = versionSummary.extend({
  document: routeDocument,
  source: z.object({ shape: z.string(), text: z.string(), warnings: z.array(z.string()) }).nullable(),
});
export const versionList = z.object({
  versions: z.array(versionSummary).describe("Newest first"),
  total: z.int(),
  nextBefore: versionNumber.nullable().describe("`before` of the next page; null: there is no more"),
});

const given = {
  document: routeDocument.optional().describe("Either this or `import`"),
  import: z
    .strictObject({ text: z.string(), shape: shape.optional().describe("Absent: told from the text") })
    .optional()
    .describe("A route in any shape, as text"),
};
const exactlyOne = (body: { document?: unknown; import?: unknown }): boolean =>
  (body.document === undefined) !== (body.import === undefined);
const EXACTLY_ONE = { error: "give either document or import", path: ["document"] };

export const createRouteBody = z
  .strictObject({
    ...given,
    name: routeName.optional().describe("Absent: the name inside what is imported"),
    reason: reason.default(""),
    deploy: z.boolean().default(false).describe("True: live at once"),
  })
  .refine(exactlyOne, EXACTLY_ONE);
export const createVersionBody = z
  .strictObject({
    ...given,
    reason: reason.default(""),
    deploy: z.boolean().default(false).describe("True: live at once"),
    basedOnVersion: versionNumber.optional().describe("Refused with version_conflict when the latest is another one"),
  })
  .refine(exactlyOne, EXACTLY_ONE);
export const savedVersion = z.object({ route, version: routeVersion, warnings: z.array(z.string()) });

export const renameBody = z.strictObject({ name: routeName, reason: reason.default("") });
export const deployBody = z.strictObject({ version: versionNumber, reason: reason.default("") });
export const rollbackBody = z.strictObject({ reason: reason.default("") }).optional();

export const deploymentList = z.object({
  deployments: z
    .array(
      z.object({
        id: z.string(),
        version: versionNumber,
        deployedAt: isoTime,
        deployedBy: z.string(),
        reason: z.string(),
      }),
    )
    .describe("Newest first"),
  total: z.int(),
});

const fieldValue = z.union([z.string(), z.number(), z.boolean()]).nullable();
const node = z.object({ id: z.string(), kind: z.string() });
export const routeDiff = z.object({
  from: versionNumber,
  to: versionNumber,
  added: z.array(node),
  removed: z.array(node),
  changed: z.array(
    z.object({
      id: z.string(),
      fields: z.array(z.object({ field: z.string(), from: fieldValue, to: fieldValue })),
    }),
  ),
  lines: z.array(z.string()).describe("The same for people"),
});

export const exportedRoute = z.object({
  name: z.string(),
  version: versionNumber,
  shape,
  text: z.string(),
  asImported: z.boolean().describe("True: the very text it was imported from"),
  warnings: z.array(z.string()).describe("What the shape cannot say"),
});
export const importBody = z.strictObject({ text: z.string(), shape: shape.optional() });
export const importedRoute = z.object({
  shape,
  name: z.string().nullable(),
  document: routeDocument,
  warnings: z.array(z.string()),
  problems: z.array(problem).describe("Empty: it could be saved"),
});
export const checkBody = z.strictObject({ document: routeDocument });
export const checkedRoute = z.object({ problems: z.array(problem).describe("Empty: it could be saved") });

export const presetList = z.object({
  presets: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      description: z.string(),
      mode: z.string().nullable().describe("Of its auto node; null: it has more than one mode"),
      models: z.array(z.string()),
      expectedSaving: z.object({ text: z.string(), isMeasured: z.literal(false) }),
      document: routeDocument,
    }),
  ),
});

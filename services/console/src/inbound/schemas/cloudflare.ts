// Cloudflare's envelopes and objects of dynamic routing, as its SDK 7.1.0 types them and its live API answers.
import { z } from "zod";
import { isoTime } from "./basics.ts";

const messages = z.array(z.unknown());
export const cloudflareError = z.object({
  success: z.literal(false),
  errors: z.array(
    z.object({
      code: z.int(),
      message: z.string(),
      path: z.array(z.union([z.string(), z.number()])).optional(),
    }),
  ),
  messages,
  result: z.null(),
});

/** {success, result, errors, messages} */
export function resultOf<T extends z.ZodType>(result: T) {
  return z.object({ success: z.literal(true), errors: z.array(z.unknown()), messages, result });
}

const id = z.string().min(1).max(128);
export const accountParams = z.strictObject({ account_id: id, gateway_id: id });
export const routeParams = accountParams.extend({ id });
export const versionParams = routeParams.extend({ version_id: id });

/** Checked element by element in Cloudflare's own words, so nothing is said of them here. */
const elements = z.unknown().optional().describe("Elements as Cloudflare's live API takes them");
const name = z.string({ error: "Required" });
export const createBody = z.object({ name, elements });
export const renameBody = z.object({ name });
export const versionBody = z.object({ elements });
export const deploymentBody = z.object({ version_id: z.union([z.string(), z.int()], { error: "Required" }) });

const page = z.coerce.number().int();
export const pageQuery = z.object({
  page: page.min(1).max(100_000).default(1),
  per_page: page.min(1).max(100).default(20),
});

export const deployment = z.object({ deployment_id: z.string(), version_id: z.string(), created_at: isoTime });
export const version = z.object({
  version_id: z.string(),
  active: z.enum(["true", "false"]),
  created_at: isoTime,
  data: z.string().describe("The elements as JSON"),
  is_valid: z.boolean(),
});
const element = z.looseObject({ id: z.string(), type: z.string() });
export const route = z.object({
  id: z.string(),
  account_tag: z.string(),
  gateway_id: z.string(),
  name: z.string(),
  created_at: isoTime,
  modified_at: isoTime,
  elements: z.array(element),
  deployment: deployment.nullable(),
  version,
});
export const savedVersion = route.omit({ account_tag: true, deployment: true, version: true });
export const routeVersion = savedVersion.extend(version.shape);

const paging = {
  page: z.int(),
  per_page: z.int(),
  total_count: z.int(),
  order_by: z.string(),
  order_by_direction: z.enum(["asc", "desc"]),
};
/** {success, data}: what lists answer. */
function listOf<K extends string, T extends z.ZodType>(name: K, item: T) {
  return z.object({ success: z.literal(true), data: z.object({ [name]: z.array(item), ...paging }) });
}
export const routeList = listOf("routes", route);
export const versionList = listOf("versions", version);
export const deploymentList = listOf("deployments", deployment);
export const renamed = z.object({ success: z.literal(true), route });

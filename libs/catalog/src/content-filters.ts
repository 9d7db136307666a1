// contentFilters of waybill.yaml: what looks at texts on their way to models and back. What each detector needs is checked where it is
// compiled, in @waybill/filters.
import {
  compileFilter,
  FILTER_ACTIONS,
  FILTER_PLACES,
  FILTERS_MAX,
  type FilterDefinition,
  PII_KINDS,
  REPLACEMENT_CHARACTERS_MAX,
  WEBHOOK_TIMEOUT_MS_MAX,
} from "@waybill/filters";
import { z } from "zod";

const WEBHOOK_URL_CHARACTERS_MAX = 1_024;

const detectSchema = z.strictObject({
  pii: z.array(z.enum(PII_KINDS)).default([]),
  secrets: z.boolean().default(false),
  keywords: z.array(z.string()).default([]),
  pattern: z.string().default(""),
  webhook: z
    .strictObject({
      url: z.string().max(WEBHOOK_URL_CHARACTERS_MAX),
      timeoutMs: z.number().int().min(50).max(WEBHOOK_TIMEOUT_MS_MAX).default(2_000),
      allowPrivateAddress: z.boolean().default(false),
      buffer: z.boolean().default(false),
    })
    .optional(),
});

const filterSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, { error: "must be lower-case letters, digits, dashes, underscores" }),
  where: z.array(z.enum(FILTER_PLACES)).min(1),
  action: z.enum(FILTER_ACTIONS),
  detect: detectSchema,
  always: z.boolean().default(false),
  onError: z.enum(["open", "closed"]).default("closed"),
  replacement: z.string().min(1).max(REPLACEMENT_CHARACTERS_MAX).optional(),
});

/** The filters of a file, each checked whole. */
export const contentFiltersSchema = z
  .array(filterSchema)
  .max(FILTERS_MAX)
  .superRefine((filters, context) => {
    const ids = new Set<string>();
    filters.forEach((filter, index) => {
      if (ids.has(filter.id)) context.addIssue({ code: "custom", path: [index, "id"], message: "stands here twice" });
      ids.add(filter.id);
      for (const { field, problem } of compileFilter(toFilterDefinition(filter)).problems) {
        context.addIssue({ code: "custom", path: [index, ...field.split(".")], message: problem });
      }
    });
  });

export type FileFilter = z.infer<typeof filterSchema>;

/** As it is deployed. */
export function toFilterDefinition({ detect, replacement = "", where, ...rest }: FileFilter): FilterDefinition {
  const { webhook, ...texts } = detect;
  const places = FILTER_PLACES.filter((place) => where.includes(place));
  return { ...rest, where: places, ...texts, ...(webhook && { webhook }), replacement };
}

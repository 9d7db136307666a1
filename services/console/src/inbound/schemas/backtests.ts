// Recorded requests run again on a draft, summed.
import { z } from "zod";
import { isoTime, routeName, usd } from "./basics.ts";
import { importBody, routeDocument } from "./routes.ts";

const REQUESTS_MAX = 10_000_000;

export const backtestBody = z
  .strictObject({
    route: routeName.describe("Whose recorded requests are run again"),
    document: routeDocument.optional().describe("The draft. Either this or `import`"),
    import: importBody.optional(),
    team: z.string().max(128).optional().describe("Only this team's"),
    from: isoTime.optional(),
    until: isoTime.optional(),
    requestsMax: z.int().min(1).max(REQUESTS_MAX).default(1_000_000).describe("The newest so many"),
  })
  .refine(({ document, import: imported }) => (document === undefined) !== (imported === undefined), {
    error: "give either document or import",
    path: ["document"],
  });

const count = z.int();
const known = usd.nullable();
const sums = {
  requests: count,
  changed: count.describe("Another model, or a refusal where there was none, or the other way round"),
  refusedBefore: count,
  refusedAfter: count,
  exact: count.describe("Their cost on the draft is certain"),
  estimated: count.describe("It is estimated: the tokens of then at the prices of now"),
  unknown: count.describe("Nobody knows it"),
  compared: count.describe("Both costs are known; only these are in actualUsd and draft…Usd"),
  actualUsd: known.describe("null: none is compared"),
  draftUsd: known.describe("null: none is compared"),
  draftLowUsd: known.describe("If what goes to another model got no answer"),
  draftHighUsd: known.describe("If it got the longest that was asked for, and no cache; null: an answer has no bound"),
  otherActualUsd: usd.describe("Of requests that are not compared, as far as it is known"),
  otherDraftUsd: usd.describe("The same on the draft"),
};
const latency = z
  .object({ p50Ms: count, p95Ms: count })
  .nullable()
  .describe("From recorded answers, to 5 %; null: too few are known");

export const backtest = z.object({
  route: z.string(),
  from: isoTime.nullable().describe("The oldest of them; null: there are none"),
  until: isoTime.nullable().describe("The newest"),
  total: z.object(sums),
  teams: z.array(z.object({ teamId: z.string(), teamName: z.string(), ...sums })).describe("Most requests first"),
  models: z.array(
    z.object({
      model: z.string().describe("<provider>/<model>, or `refused: <code>`"),
      requestsBefore: count,
      requestsAfter: count,
      answers: count.describe("Whole answers of it on this route in that time"),
      averageOutputTokens: count.nullable(),
      latency,
    }),
  ),
  moves: z.array(z.object({ from: z.string(), to: z.string(), ...sums })).describe("The most frequent first"),
  latency: z.object({
    actual: latency,
    draft: latency.describe("With each model's recorded times; null: one of them has fewer than 100 answers"),
  }),
  draftByUsualAnswersUsd: known.describe(
    "draftUsd, if what goes to another model were answered at the length which that usually has here; null: too few are known",
  ),
  more: z.boolean().describe("true: there were more requests than requestsMax"),
  skipped: count.describe("Records of another organisation's route of that name, or unreadable: in no figure"),
  confidence: z.array(z.string()).describe("What of this is certain and what cannot be known"),
});

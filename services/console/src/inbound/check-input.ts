// What came in, checked against an endpoint's schemas: every problem at once, with the place it stands at.
import type { z } from "zod";
import { CLOUDFLARE_INVALID, CloudflareProblems, ProblemsError } from "./answers.ts";
import type { AnyEndpoint, Input } from "./endpoint.ts";

export interface Given {
  params: unknown;
  query: unknown;
  body: unknown;
}

type Checked = Omit<Input<unknown, unknown, unknown>, "admin">;

interface Issue {
  place: keyof Given;
  path: readonly PropertyKey[];
  message: string;
}

/** The checked values, with defaults filled in. Throws ProblemsError, or CloudflareProblems under Cloudflare's paths. */
export function checkInput(endpoint: AnyEndpoint, given: Given): Checked {
  const issues: Issue[] = [];
  const check = (place: keyof Given): unknown => {
    const schema: z.ZodType = endpoint[place];
    const result = schema.safeParse(given[place]);
    for (const { path, message } of result.error?.issues ?? []) issues.push({ place, path, message });
    return result.data;
  };
  const checked: Checked = { params: check("params"), query: check("query"), body: check("body") };
  if (issues.length === 0) return checked;
  throw endpoint.dialect === "cloudflare" ? inCloudflaresWords(issues) : inOurWords(issues);
}

function inOurWords(issues: readonly Issue[]): ProblemsError {
  const problems = issues.map(({ place, path, message }) => ({
    node: "",
    field: fieldOf(path) || (place === "body" ? place : ""),
    problem: message,
  }));
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return new ProblemsError(problems, `${first?.field} ${first?.problem}${more}`.trim());
}

function inCloudflaresWords(issues: readonly Issue[]): CloudflareProblems {
  return new CloudflareProblems(
    issues.map(({ place, path, message }) => ({
      code: CLOUDFLARE_INVALID,
      message,
      path: [place, ...path.map((part) => (typeof part === "number" ? part : String(part)))],
    })),
  );
}

/** Like prices[0].tiers[1].input. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}

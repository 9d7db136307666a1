// Elements that somebody sends, as a document of ours: first what Cloudflare's own API would say to them, then what we do.
import { checkCloudflareElements, importCloudflareElements } from "@waybill/routes";
import { RouteSource } from "@waybill/wire";
import { CLOUDFLARE_INVALID, CloudflareProblems, type Problem } from "../answers.ts";

export interface ReadElements {
  documentJson: string;
  source: RouteSource;
}

/** Throws CloudflareProblems. */
export function readElements(elements: unknown): ReadElements {
  const refused = checkCloudflareElements(elements);
  if (refused.length > 0) throw new CloudflareProblems(refused);
  const { document, warnings, problems } = importCloudflareElements(elements);
  refuseProblems(problems, elements);
  return {
    documentJson: JSON.stringify(document),
    source: RouteSource.create({ shape: "cloudflare", text: JSON.stringify({ elements }), warnings }),
  };
}

/** Problems of nodes as problems of elements: the path names the element's place. */
export function refuseProblems(problems: readonly Problem[], elements: unknown): void {
  if (problems.length === 0) return;
  const ids = Array.isArray(elements) ? elements.map(idOf) : [];
  throw new CloudflareProblems(
    problems.map(({ node, field, problem }) => {
      const index = ids.indexOf(node);
      const place = index < 0 ? [] : [index];
      const message = [field, problem].filter((part) => part !== "").join(" ");
      return { code: CLOUDFLARE_INVALID, message, path: ["body", "elements", ...place] };
    }),
  );
}

function idOf(element: unknown): unknown {
  return typeof element === "object" && element !== null && "id" in element ? element.id : undefined;
}

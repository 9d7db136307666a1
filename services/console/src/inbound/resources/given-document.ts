// The document that a body gives, as itself or as a text in some shape.
import { importRoute, type RouteShape } from "@waybill/routes";
import { RouteSource } from "@waybill/wire";
import { ProblemsError } from "../answers.ts";

export interface GivenBody {
  document?: Record<string, unknown> | undefined;
  import?: { text: string; shape?: RouteShape | undefined } | undefined;
}

export interface GivenDocument {
  /** Inside what was imported. */
  name: string | undefined;
  documentJson: string;
  source: RouteSource | undefined;
  warnings: string[];
}

const REFUSED = "the route cannot be saved as it is";

/** Throws ProblemsError for what cannot be imported; a document is checked by its owner. */
export function givenDocument(body: GivenBody): GivenDocument {
  if (!body.import) {
    return { name: undefined, documentJson: JSON.stringify(body.document ?? {}), source: undefined, warnings: [] };
  }
  const { text } = body.import;
  const { shape, name, document, warnings, problems } = importRoute(text, body.import.shape);
  if (problems.length > 0) throw new ProblemsError(problems, REFUSED);
  const source = RouteSource.create({ shape, text, warnings });
  return { name, documentJson: JSON.stringify(document), source, warnings };
}

/** Throws where the owner found problems. */
export function refuseProblems(problems: ProblemsError["problems"]): void {
  if (problems.length > 0) throw new ProblemsError(problems, REFUSED);
}

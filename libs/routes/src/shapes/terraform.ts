// The shape of Cloudflare's Terraform provider: its elements in, a whole file in Terraform's JSON out.
import type { RouteDocument, RouteNode } from "../document/route-document.ts";
import { TERRAFORM } from "./elements/dialect.ts";
import { readElements } from "./elements/read-elements.ts";
import { writeElements } from "./elements/write-elements.ts";
import type { Notes } from "./notes.ts";
import { escapeTemplates } from "./unwrap-route.ts";

export function readTerraform(elements: unknown, notes: Notes): RouteNode[] {
  return readElements(elements, TERRAFORM, notes);
}

/** A file named *.tf.json; the account and the gateway are variables of it. */
export function writeTerraform(document: RouteDocument, name: string, notes: Notes): unknown {
  const elements = writeElements(document, TERRAFORM, notes);
  for (const { id, kind } of document.nodes) {
    if (kind === "split")
      notes.warn(id, "shares", "are outputs the provider's schema does not list, up to version 5.21");
  }
  const label = name.replace(/[^A-Za-z0-9_-]/g, "_").replace(/^(?![A-Za-z_])/, "_");
  return {
    variable: { account_id: { type: "string" }, gateway_id: { type: "string" } },
    resource: {
      cloudflare_ai_gateway_dynamic_routing: {
        [label]: {
          account_id: variable("account_id"),
          gateway_id: variable("gateway_id"),
          name: escapeTemplates(name),
          elements: escapeTemplates(elements),
        },
      },
    },
  };
}

function variable(name: string): string {
  return `\${var.${name}}`;
}

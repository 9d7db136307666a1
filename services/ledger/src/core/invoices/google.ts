// Google Cloud: the usage cost of Cloud Billing as it lies in BigQuery, as JSON (one row a line) or CSV, for Vertex AI and the Gemini API.
import type { Charge, InvoiceLine } from "./invoice-line.ts";
import { readItemName } from "./item-name.ts";
import { type InvoiceFormat, type RowReader, USD_SCALE, unitPower } from "./row-reader.ts";

const MODEL_SERVICES = /vertex ai|gemini|generative language|agent platform/i;
const CREDITS_MAX = 20;

export const google: InvoiceFormat = {
  columns: [["usage_start_time"], ["cost"], ["service.description"], ["sku.description"]],
  read(reader) {
    if (!MODEL_SERVICES.test(reader.text("service.description"))) return "left out";
    const day = reader.day("usage_start_time");
    if (day === undefined) return undefined;
    reader.mustBeUsd("currency");
    const charge: Charge = /^tax$/i.test(reader.text("cost_type")) ? "tax" : "usage";
    const { model, kind } = readItemName(reader.name("sku.description"));
    const power = unitPower(reader.text("usage.pricing_unit"));
    const common = { fileLine: reader.fileLine, day, account: reader.name("project.id", "billing_account_id") };
    const line: InvoiceLine = {
      ...{ ...common, charge },
      model: charge === "usage" ? model : "",
      kind: charge === "usage" ? kind : "other",
      quantity:
        charge === "usage" && power !== undefined ? reader.quantity(power, "usage.amount_in_pricing_units") : undefined,
      amountPicoUsd: reader.amount(USD_SCALE, "cost"),
    };
    return { day, lines: [line, ...creditsOf(reader, common)] };
  },
};

/** What was taken off this very row: discounts, promotions, commitments; below zero, and kept apart. */
function creditsOf(reader: RowReader, common: Pick<InvoiceLine, "fileLine" | "day" | "account">): InvoiceLine[] {
  const lines: InvoiceLine[] = [];
  for (let index = 0; index < CREDITS_MAX; index += 1) {
    const amountPicoUsd = reader.amount(USD_SCALE, `credits.${index}.amount`);
    if (amountPicoUsd === undefined) break;
    lines.push({ ...common, model: "", kind: "other", charge: "credit", quantity: undefined, amountPicoUsd });
  }
  if (reader.text(`credits.${CREDITS_MAX}.amount`) !== "") {
    reader.fault("credits", `there are more than ${CREDITS_MAX} in one row`);
  }
  return lines;
}

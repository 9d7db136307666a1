// AWS: Cost and Usage Report 2.0 of Data Exports, and the report before it, as CSV. Only what Bedrock charges is usage of models.
import type { Charge, InvoiceLine } from "./invoice-line.ts";
import { readItemName } from "./item-name.ts";
import { type InvoiceFormat, type RowReader, USD_SCALE, unitPower } from "./row-reader.ts";

/** Types of line items: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2-line-item.html */
const USAGE_TYPES =
  /^(Usage|DiscountedUsage|SavingsPlanCoveredUsage|Fee|RIFee|SavingsPlanRecurringFee|SavingsPlanUpfrontFee)$/;

export const awsCur: InvoiceFormat = {
  columns: [
    ["line_item_usage_start_date"],
    ["line_item_unblended_cost"],
    ["line_item_usage_type"],
    ["line_item_line_item_type"],
  ],
  read(reader) {
    const product = productOf(reader);
    const code = reader.text("line_item_product_code");
    if (!/bedrock/i.test(`${code} ${product}`)) return "left out";
    const day = reader.day("line_item_usage_start_date");
    if (day === undefined) return undefined;
    reader.mustBeUsd("line_item_currency_code");
    const charge = chargeOf(reader.text("line_item_line_item_type"));
    const { model, kind } = readItemName(itemOf(reader, product));
    const power = unitPower(reader.text("pricing_unit"));
    const line: InvoiceLine = {
      ...{ fileLine: reader.fileLine, day, charge },
      account: reader.name("line_item_usage_account_id"),
      model: charge === "usage" ? model : "",
      kind: charge === "usage" ? kind : "other",
      // In a unit that the report does not name it is not known how many tokens it is.
      quantity:
        charge === "usage" && power !== undefined ? reader.quantity(power, "line_item_usage_amount") : undefined,
      amountPicoUsd: reader.amount(USD_SCALE, "line_item_unblended_cost"),
    };
    return { day, lines: [line] };
  },
};

function chargeOf(type: string): Charge {
  if (type === "Tax") return "tax";
  return USAGE_TYPES.test(type) ? "usage" : "credit";
}

/** Models of other makers are products of their own, "Claude Sonnet 4 (Amazon Bedrock Edition)"; AWS's own stand in the usage type. */
function itemOf(reader: RowReader, product: string): string {
  // "USE1-MP:USE1_InputTokenCount-Units" and "USE1-NovaPro-input-tokens": the region says nothing about the model.
  const usage = reader.text("line_item_usage_type").replace(/^([A-Z]{2,4}\d?-)?(MP:[A-Z]{2,4}\d?_)?/, "");
  return /bedrock edition/i.test(product) ? `${product} ${usage}` : usage;
}

function productOf(reader: RowReader): string {
  // CUR 2.0 keeps most of a product's fields in one column, as JSON.
  const map = /"product_name"\s*:\s*"([^"\\]{1,200})"/.exec(reader.text("product"))?.[1];
  return map ?? reader.text("product_product_name", "product_servicename", "line_item_line_item_description");
}

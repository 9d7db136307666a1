// The books as a FOCUS file, for a tool that reads the bills of clouds.
import { Readable } from "node:stream";
import { WaybillError } from "@waybill/domain";
import { ListFocusRowsRequest, type ListFocusRowsResponse } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint, FileAnswer } from "../endpoint.ts";
import { csvFile, parquetFile } from "../files/focus-files.ts";
import { noBody, nothing } from "../schemas/basics.ts";
import * as schemas from "../schemas/focus.ts";

const MEDIA_TYPES = { csv: "text/csv; charset=utf-8", parquet: "application/vnd.apache.parquet" } as const;

export function focusEndpoints({ ledger }: Owners): AnyEndpoint[] {
  const pages = async function* (
    asked: { organisationId: string; month: string; aiColumns: boolean },
    first: ListFocusRowsResponse,
  ): AsyncGenerator<ListFocusRowsResponse> {
    let page = first;
    yield page;
    while (page.nextCursor !== "") {
      page = await ledger.listFocusRows(ListFocusRowsRequest.create({ ...asked, cursor: page.nextCursor }));
      yield page;
    }
  };
  return [
    endpoint({
      tag: "books",
      dialect: "waybill",
      method: "GET",
      path: "/api/v1/focus",
      id: "exportFocus",
      summary: "A month of the books as FOCUS 1.4 Cost and Usage, as a CSV or Parquet file",
      description:
        "The rows of finance.focus_1_4, day by day. While a month is open, each day is as it was when it was read; an attempt is on one day.",
      params: nothing,
      query: schemas.focusQuery,
      body: noBody,
      answer: schemas.focusFile,
      files: Object.values(MEDIA_TYPES).map((type) => type.split(";")[0] ?? type),
      async handle({ admin: { organisationId }, query: { month, format, aiColumns: wanted } }) {
        const asked = { organisationId, month, aiColumns: wanted === "true" };
        // What cannot be answered at all is refused before a file has begun. A file of no rows is none: not every reader takes one.
        let first = await ledger.listFocusRows(ListFocusRowsRequest.create(asked));
        while (first.rows.length === 0 && first.nextCursor !== "") {
          first = await ledger.listFocusRows(ListFocusRowsRequest.create({ ...asked, cursor: first.nextCursor }));
        }
        if (first.rows.length === 0) {
          throw new WaybillError("not_found", {
            publicMessage: `Nothing real with a price is booked in ${month}.`,
            param: "month",
          });
        }
        const rows = pages(asked, first);
        const content = Readable.from(format === "csv" ? csvFile(rows) : parquetFile(rows));
        return new FileAnswer(MEDIA_TYPES[format], `focus-${month}.${format}`, content);
      },
    }),
  ];
}

// invoices: what providers charge, beside what is on the books.
import type { Command } from "commander";
import { addApprove } from "./approve.ts";
import { addCompare } from "./compare.ts";
import { addImport } from "./import.ts";
import { addList } from "./list.ts";
import { addMap } from "./map.ts";
import { addShow } from "./show.ts";

export function addInvoices(program: Command): void {
  const invoices = program.command("invoices").description("what providers charge, beside what is on the books");
  addImport(invoices);
  addList(invoices);
  addShow(invoices);
  addCompare(invoices);
  addMap(invoices);
  addApprove(invoices);
}

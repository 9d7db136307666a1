// THE STORY: a provider's invoice is taken in, all of it and once. What another invoice says already is taken in only in its place.
import { WaybillError } from "@waybill/domain";
import { factsOf, type InvoiceFacts } from "./core/invoices/invoice-facts.ts";
import type { ParsedInvoice } from "./core/invoices/invoice-line.ts";

/** An invoice as it is kept. */
export interface NewInvoice extends InvoiceFacts, ParsedInvoice {
  id: string;
  provider: string;
  format: string;
  fileName: string;
  fileSha256: Uint8Array;
  by: string;
  reason: string;
}

/** A day of an account that two invoices speak of. */
interface Overlap {
  invoiceId: string;
  day: string;
  account: string;
}

/** UTC days, both included. */
type Days = Pick<ParsedInvoice, "fromDay" | "untilDay">;

/** A transaction in which nobody else imports. */
export interface OpenInvoices {
  /** Undefined: this file was never imported for that provider. */
  idOfFile(provider: string, fileSha256: Uint8Array): Promise<string | undefined>;
  add(invoice: NewInvoice): Promise<void>;
  /** Those of these invoices of the provider that hold, with the days that they cover. */
  thatHold(provider: string, ids: readonly string[]): Promise<ReadonlyMap<string, Days>>;
  supersede(ids: readonly string[], by: NewInvoice): Promise<void>;
  /** The first, with another invoice that holds and says the same of it: what was paid, or how much was used. */
  overlapOf(invoice: NewInvoice): Promise<Overlap | undefined>;
  setAccount(invoice: NewInvoice, account: string): Promise<void>;
}

export interface ImportInvoicePorts {
  transact<T>(work: (invoices: OpenInvoices) => Promise<T>): Promise<T>;
  makeId(): string;
}

export interface ImportInvoice {
  provider: string;
  format: string;
  fileName: string;
  fileSha256: Uint8Array;
  parsed: ParsedInvoice;
  /** Ids of invoices whose place it takes. */
  supersedes: readonly string[];
  /** Undefined: accounts are as the file names them. */
  account: string | undefined;
  by: string;
  reason: string;
}

/** Returns its id, and whether that very file was there before; then nothing was done. Throws already_exists, or invalid_value. */
export async function importInvoice(
  ports: ImportInvoicePorts,
  { parsed, supersedes, account, ...wish }: ImportInvoice,
): Promise<{ id: string; wasThere: boolean }> {
  return ports.transact(async (invoices) => {
    const there = await invoices.idOfFile(wish.provider, wish.fileSha256);
    if (there !== undefined) return { id: there, wasThere: true };
    const hold = await invoices.thatHold(wish.provider, supersedes);
    for (const id of supersedes) mustTakePlaceOf(id, hold.get(id), wish.provider, parsed);
    const invoice: NewInvoice = { ...wish, ...parsed, ...factsOf(parsed.lines), id: ports.makeId() };
    await invoices.add(invoice);
    if (supersedes.length > 0) await invoices.supersede(supersedes, invoice);
    const overlap = await invoices.overlapOf(invoice);
    if (overlap) throw alreadyThere(overlap);
    if (account !== undefined) await invoices.setAccount(invoice, account);
    return { id: invoice.id, wasThere: false };
  });
}

/** Whoever takes the place of an invoice must speak of all its days; else some would be compared with nothing. */
function mustTakePlaceOf(id: string, old: Days | undefined, provider: string, { fromDay, untilDay }: Days): void {
  const refuse = (publicMessage: string) => new WaybillError("invalid_value", { publicMessage, param: "supersedes" });
  if (!old) throw refuse(`${JSON.stringify(id.slice(0, 64))} is no invoice of ${provider} that holds.`);
  if (old.fromDay < fromDay || old.untilDay > untilDay) {
    const covers = `Invoice ${id} covers ${old.fromDay} to ${old.untilDay}, this file only ${fromDay} to ${untilDay}.`;
    throw refuse(
      `Nothing was imported: a file takes the place of an invoice only where it covers all its days. ${covers}`,
    );
  }
}

function alreadyThere({ invoiceId, day, account }: Overlap): WaybillError {
  const whose = account === "" ? "" : ` of ${account}`;
  return new WaybillError("already_exists", {
    publicMessage: `Nothing was imported: ${day}${whose} is in invoice ${invoiceId} already. If this file is newer, say that it supersedes that one.`,
    param: "supersedes",
  });
}

// Providers' invoices over gRPC: importing, listing, comparing, naming, approving.
import { createHash, randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { WaybillError } from "@waybill/domain";
import { unary } from "@waybill/rpc";
import type { Log } from "@waybill/service";
import {
  type ApproveTrueUpsRequest,
  ApproveTrueUpsResponse,
  type CompareInvoicesRequest,
  type GetInvoiceRequest,
  type GetInvoiceResponse,
  type ImportInvoiceRequest,
  type ImportInvoiceResponse,
  type LedgerServiceServer,
  type ListInvoicesRequest,
  type SetInvoiceNameRequest,
  SetInvoiceNameResponse,
} from "@waybill/wire";
import { approveTrueUps } from "../approve-true-ups.ts";
import { importInvoice } from "../import-invoice.ts";
import type { PostgresInvoices } from "../outbound/postgres-invoices.ts";
import type { PostgresReconciliation } from "../outbound/postgres-reconciliation.ts";
import { readInvoiceFile } from "./invoices/read-invoice-file.ts";
import { readNames, readPeriod, readPico, readText, readUuid } from "./invoices/read-invoice-request.ts";
import { type OnError, orUnavailable } from "./or-unavailable.ts";

/** Of the file; about 100,000 lines of a cloud's export. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const LIMIT = 100;
const LIMIT_MAX = 1_000;
const limitOf = (asked: number): number => Math.min(asked || LIMIT, LIMIT_MAX);
const unzip = promisify(gunzip);

type Answers = Pick<
  LedgerServiceServer,
  "importInvoice" | "listInvoices" | "getInvoice" | "compareInvoices" | "setInvoiceName" | "approveTrueUps"
>;

export function answerAboutInvoices(
  invoices: PostgresInvoices,
  reconciliation: PostgresReconciliation,
  log: Log,
  onError: OnError,
): Answers {
  const answer = <Q, A>(work: (request: Q) => Promise<A>) =>
    unary((request: Q) => orUnavailable(work(request), onError), onError);
  return {
    importInvoice: answer((request: ImportInvoiceRequest) => take(invoices, log, request)),
    listInvoices: answer(async ({ provider, limit }: ListInvoicesRequest) => ({
      invoices: await invoices.list(provider, limitOf(limit)),
    })),
    getInvoice: answer((request: GetInvoiceRequest) => get(invoices, request)),
    compareInvoices: answer(async (request: CompareInvoicesRequest) => {
      const { differencesOnly, limit } = request;
      return reconciliation.compare({ ...readPeriod(request), differencesOnly, limit: limitOf(limit) });
    }),
    setInvoiceName: answer((request: SetInvoiceNameRequest) => setName(invoices, log, request)),
    approveTrueUps: answer((request: ApproveTrueUpsRequest) => approve(reconciliation, log, request)),
  };
}

async function take(
  invoices: PostgresInvoices,
  log: Log,
  request: ImportInvoiceRequest,
): Promise<ImportInvoiceResponse> {
  const provider = readText("provider", request.provider);
  const fileName = readText("fileName", request.fileName);
  const supersedes = request.supersedes.map((id) => readUuid("supersedes", id));
  const account = request.account === "" ? undefined : readText("account", request.account);
  const bytes = await unzipped(request.gzippedText);
  const parsed = readInvoiceFile(request.format, bytes.toString("utf8"));
  const by = request.change?.actor?.name ?? "";
  const { id, wasThere } = await importInvoice(
    { transact: invoices.transact, makeId: randomUUID },
    {
      ...{ provider, format: request.format, fileName, parsed, supersedes, account, by },
      fileSha256: createHash("sha256").update(bytes).digest(),
      reason: request.change?.reason ?? "",
    },
  );
  if (!wasThere) log.info({ invoice: id, provider, by, lines: parsed.lines.length }, "an invoice is imported");
  const invoice = await invoices.find(id);
  return { invoice, wasThere };
}

async function unzipped(gzipped: Uint8Array): Promise<Buffer> {
  try {
    return await unzip(gzipped, { maxOutputLength: TEXT_BYTES_MAX });
  } catch (error) {
    const isTooLarge = error instanceof RangeError;
    const publicMessage = isTooLarge ? "It has more than 16 MiB; import it in parts." : "It is no gzip.";
    throw new WaybillError("invalid_value", { publicMessage, param: "file" });
  }
}

async function get(
  invoices: PostgresInvoices,
  { id: text, afterNumber, limit: asked }: GetInvoiceRequest,
): Promise<GetInvoiceResponse> {
  const invoice = await invoices.find(readUuid("id", text));
  if (!invoice) throw new WaybillError("not_found", { publicMessage: "There is no invoice of that id." });
  const limit = limitOf(asked);
  const lines = await invoices.lines(invoice.id, afterNumber, limit + 1);
  return { invoice, lines: lines.slice(0, limit), more: lines.length > limit };
}

async function setName(
  invoices: PostgresInvoices,
  log: Log,
  request: SetInvoiceNameRequest,
): Promise<SetInvoiceNameResponse> {
  const names = readNames(request.names);
  const provider = readText("provider", request.provider);
  const booked = readText("booked", request.booked);
  const by = request.change?.actor?.name ?? "";
  // An empty name is what lines have that name none.
  const invoiced = request.invoiced === "" ? "" : readText("invoiced", request.invoiced);
  await invoices.setName({ provider, names, invoiced, booked, by, reason: request.change?.reason ?? "" });
  log.info({ provider, names, invoiced, booked, by }, "a name on invoices is mapped");
  return SetInvoiceNameResponse.create();
}

async function approve(
  reconciliation: PostgresReconciliation,
  log: Log,
  request: ApproveTrueUpsRequest,
): Promise<ApproveTrueUpsResponse> {
  const by = request.change?.actor?.name ?? "";
  const { approval, trueUps } = await approveTrueUps(
    { whileNobodyBooks: reconciliation.whileNobodyBooks, makeId: randomUUID },
    {
      ...readPeriod(request),
      differencePicoUsd: readPico("difference", request.differencePicoUsd),
      by,
      reason: request.change?.reason ?? "",
    },
  );
  log.info(
    { approval: approval.id, provider: approval.provider, by, true_ups: trueUps.length },
    "true-ups are approved",
  );
  return ApproveTrueUpsResponse.create({
    approvalId: approval.id,
    amountPicoUsd: approval.amountPicoUsd.toString(),
    trueUps: trueUps.map(({ id, day, account, model, cause, amountPicoUsd, accountingMonth }) => ({
      ...{ id, day, account, model, cause, amountPicoUsd: amountPicoUsd.toString() },
      accountingMonth: accountingMonth.slice(0, 7),
    })),
  });
}

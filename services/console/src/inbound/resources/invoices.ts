// Providers' invoices beside the books: kept and compared by the ledger. They are of the whole installation, as its accounts with
// providers are, so a key of one organisation sees none of them.
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { parseUsd, WaybillError } from "@waybill/domain";
import {
  ApproveTrueUpsRequest,
  CompareInvoicesRequest,
  GetInvoiceRequest,
  ImportInvoiceRequest,
  Invoice,
  ListInvoicesRequest,
  SetInvoiceNameRequest,
} from "@waybill/wire";
import type { Admin } from "../../core/access.ts";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing } from "../schemas/basics.ts";
import * as schemas from "../schemas/invoices.ts";
import { approvedJson, comparisonJson, invoiceJson, linesJson } from "../to-json/invoice-json.ts";

const HERE = { tag: "books", dialect: "waybill", isOfInstallation: true } as const;
const INVOICES = "/api/v1/invoices";
/** What the ledger takes in one message, less the rest of it. */
const GZIPPED_BYTES_MAX = 4 * 1024 * 1024 - 64 * 1024;
const zip = promisify(gzip);

export function invoiceEndpoints(owners: Owners, importBytesMax: number): AnyEndpoint[] {
  return [
    listInvoices(owners),
    importInvoice(owners, importBytesMax),
    getInvoice(owners),
    setInvoiceName(owners),
    compareInvoices(owners),
    approveTrueUps(owners),
  ];
}

const importInvoice = ({ ledger }: Owners, importBytesMax: number): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: INVOICES,
    id: "importInvoice",
    summary: "Take in a provider's invoice or usage export",
    description: "All of it or nothing; the same file twice is one. What is wrong with it is said with line and field.",
    bodyBytesMax: importBytesMax,
    params: nothing,
    query: nothing,
    body: schemas.importBody,
    answer: schemas.imported,
    async handle({ admin: { actor }, body: { text, reason, account = "", ...rest } }) {
      const gzippedText = await zip(text);
      if (gzippedText.length > GZIPPED_BYTES_MAX) {
        throw new WaybillError("invalid_value", {
          publicMessage: "It is too large; import it in parts.",
          param: "text",
        });
      }
      const change = { actor, reason, organisationId: "" };
      const answer = await ledger.importInvoice(ImportInvoiceRequest.create({ ...rest, change, account, gzippedText }));
      return { invoice: invoiceJson(answer.invoice ?? Invoice.create()), wasThere: answer.wasThere };
    },
  });

const listInvoices = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: INVOICES,
    id: "listInvoices",
    summary: "Invoices that were imported, superseded ones, too",
    params: nothing,
    query: schemas.invoicesQuery,
    body: noBody,
    answer: schemas.invoiceList,
    async handle({ admin, query: { provider = "", limit } }) {
      mustBeOfInstallation(admin);
      const { invoices } = await ledger.listInvoices(ListInvoicesRequest.create({ provider, limit }));
      return { invoices: invoices.map(invoiceJson) };
    },
  });

const getInvoice = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: `${INVOICES}/{id}`,
    id: "getInvoice",
    summary: "An invoice with its lines, as its file has them",
    params: schemas.invoiceParams,
    query: schemas.linesQuery,
    body: noBody,
    answer: schemas.invoiceWithLines,
    async handle({ admin, params: { id }, query: { after, limit } }) {
      mustBeOfInstallation(admin);
      const answer = await ledger.getInvoice(GetInvoiceRequest.create({ id, afterNumber: after, limit }));
      return { invoice: invoiceJson(answer.invoice ?? Invoice.create()), ...linesJson(answer) };
    },
  });

const setInvoiceName = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "PUT",
    path: `${INVOICES}/names`,
    id: "setInvoiceName",
    summary: "Say what a name in a provider's files is on the books",
    description: "The latest word holds, also for files that were imported before.",
    params: nothing,
    query: nothing,
    body: schemas.nameBody,
    answer: schemas.namedAnswer,
    async handle({ admin: { actor }, body: { reason, ...rest } }) {
      const change = { actor, reason, organisationId: "" };
      await ledger.setInvoiceName(SetInvoiceNameRequest.create({ ...rest, change }));
      return { mapped: true };
    },
  });

const compareInvoices = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "GET",
    path: "/api/v1/reconciliation",
    id: "compareInvoices",
    summary: "What was invoiced beside what is booked, with the likely cause of each difference",
    params: nothing,
    query: schemas.compareQuery,
    body: noBody,
    answer: schemas.comparison,
    async handle({ admin, query: { provider, from, until, cause, all, limit } }) {
      mustBeOfInstallation(admin);
      const causes = cause.split(",").filter((one) => one !== "");
      const asked = { provider, fromDay: from, untilDay: until, causes, differencesOnly: all === "false", limit };
      return comparisonJson(await ledger.compareInvoices(CompareInvoicesRequest.create(asked)));
    },
  });

const approveTrueUps = ({ ledger }: Owners): AnyEndpoint =>
  endpoint({
    ...HERE,
    method: "POST",
    path: "/api/v1/true-ups",
    id: "approveTrueUps",
    summary: "Approve differences between invoice and books as true-ups",
    description: "Each is of a day, account and model, in a month that is open. Closed months never change.",
    params: nothing,
    query: nothing,
    body: schemas.approveBody,
    answer: schemas.approved,
    async handle({ admin: { actor }, body: { provider, from, until, causes, differenceUsd, reason } }) {
      const change = { actor, reason, organisationId: "" };
      const differencePicoUsd = parseUsd(differenceUsd).toString();
      const wish = { change, provider, fromDay: from, untilDay: until, causes, differencePicoUsd };
      return approvedJson(await ledger.approveTrueUps(ApproveTrueUpsRequest.create(wish)));
    },
  });

function mustBeOfInstallation({ isOfInstallation }: Admin): void {
  if (isOfInstallation) return;
  const publicMessage = "Invoices are looked at with a key for the whole installation.";
  throw new WaybillError("permission_denied", { publicMessage });
}

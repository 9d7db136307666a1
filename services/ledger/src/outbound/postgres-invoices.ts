// Providers' invoices in Postgres: importing, listing, and what their names are on the books.
import { formatUsd, parseUsd } from "@waybill/domain";
import { type Client, type Pool, type Row, transact } from "@waybill/store";
import { Invoice, InvoiceLine } from "@waybill/wire";
import type { ImportInvoicePorts, NewInvoice, OpenInvoices } from "../import-invoice.ts";

interface SaidName {
  provider: string;
  names: "account" | "model";
  invoiced: string;
  booked: string;
  by: string;
  reason: string;
}

export interface PostgresInvoices extends Pick<ImportInvoicePorts, "transact"> {
  /** The latest import first; of one provider, or of all (""). */
  list(provider: string, limit: number): Promise<Invoice[]>;
  /** Undefined: there is none of that id. */
  find(id: string): Promise<Invoice | undefined>;
  /** Lines behind this number. */
  lines(id: string, afterNumber: number, limit: number): Promise<InvoiceLine[]>;
  setName(name: SaidName): Promise<void>;
}

const INVOICES = `
  SELECT i.id::text, i.provider, i.format, i.file_name, encode(i.file_sha256, 'hex') AS file_sha256,
    to_char(i.from_day, 'YYYY-MM-DD') AS from_day, to_char(i.until_day, 'YYYY-MM-DD') AS until_day,
    i.has_amounts, i.has_quantities, i.lines, i.left_out_rows, i.rounded_amounts,
    i.usage_usd::text, i.credit_usd::text, i.tax_usd::text,
    floor(extract(epoch FROM i.imported_at) * 1000)::bigint AS imported_at_ms, i.imported_by, i.reason,
    coalesce(s.by_invoice_id::text, '') AS superseded_by
  FROM ledger.invoice i LEFT JOIN ledger.superseded_invoice s ON s.invoice_id = i.id`;

const ADD_NAME = `INSERT INTO ledger.invoice_name (provider, names, invoiced, booked, set_by, reason) VALUES ($1, $2, $3, $4, $5, $6)`;

export function postgresInvoices(pool: Pool): PostgresInvoices {
  return {
    transact: (work) =>
      transact(pool, async (client) => {
        await client.query("SELECT pg_advisory_xact_lock(hashtext('waybill ledger invoices'))");
        return work(openInvoices(client));
      }),
    async list(provider, limit) {
      const { rows } = await pool.query(
        `${INVOICES} WHERE $1 = '' OR i.provider = $1 ORDER BY i.imported_at DESC, i.id LIMIT $2`,
        [provider, limit],
      );
      return rows.map(toInvoice);
    },
    async find(id) {
      const { rows } = await pool.query(`${INVOICES} WHERE i.id = $1`, [id]);
      return rows[0] && toInvoice(rows[0]);
    },
    async lines(id, afterNumber, limit) {
      const { rows } = await pool.query(
        `SELECT number, file_line, to_char(day, 'YYYY-MM-DD') AS day, account, model, kind, charge, quantity::text, amount_usd::text
         FROM ledger.invoice_line WHERE invoice_id = $1 AND number > $2 ORDER BY number LIMIT $3`,
        [id, afterNumber, limit],
      );
      return rows.map(toLine);
    },
    async setName({ provider, names, invoiced, booked, by, reason }) {
      await pool.query(ADD_NAME, [provider, names, invoiced, booked, by, reason]);
    },
  };
}

function openInvoices(client: Client): OpenInvoices {
  return {
    async idOfFile(provider, fileSha256) {
      const { rows } = await client.query<{ id: string }>(
        "SELECT id::text FROM ledger.invoice WHERE provider = $1 AND file_sha256 = $2",
        [provider, fileSha256],
      );
      return rows[0]?.id;
    },
    add: (invoice) => addInvoice(client, invoice),
    async thatHold(provider, ids) {
      const { rows } = await client.query<{ id: string; fromDay: string; untilDay: string }>(
        `SELECT id::text, to_char(from_day, 'YYYY-MM-DD') AS "fromDay", to_char(until_day, 'YYYY-MM-DD') AS "untilDay"
         FROM ledger.invoice_that_holds WHERE provider = $1 AND id::text = ANY ($2)`,
        [provider, ids],
      );
      return new Map(rows.map(({ id, ...days }) => [id, days]));
    },
    async supersede(ids, by) {
      await client.query(
        "INSERT INTO ledger.superseded_invoice (invoice_id, by_invoice_id) SELECT unnest($1::uuid[]), $2",
        [[...new Set(ids)], by.id],
      );
    },
    async overlapOf({ id, provider }) {
      const { rows } = await client.query<{ invoiceId: string; day: string; account: string }>(OVERLAP, [id, provider]);
      return rows[0];
    },
    async setAccount({ provider, accounts, by, reason }, account) {
      for (const invoiced of accounts)
        await client.query(ADD_NAME, [provider, "account", invoiced, account, by, reason]);
    },
  };
}

const OVERLAP = `
  WITH new AS (SELECT * FROM ledger.invoice WHERE id = $1),
  mine AS (SELECT DISTINCT day, account FROM ledger.invoice_line WHERE invoice_id = $1)
  SELECT o.id::text AS "invoiceId", to_char(m.day, 'YYYY-MM-DD') AS day, m.account
  FROM ledger.invoice_that_holds o
  JOIN new n ON n.id <> o.id AND ((n.has_amounts AND o.has_amounts) OR (n.has_quantities AND o.has_quantities))
    AND o.from_day <= n.until_day AND o.until_day >= n.from_day
  JOIN mine m ON EXISTS (
    SELECT FROM ledger.invoice_line l WHERE l.invoice_id = o.id AND l.day = m.day AND l.account = m.account)
  WHERE o.provider = $2 ORDER BY m.day, m.account, o.imported_at LIMIT 1`;

async function addInvoice(client: Client, invoice: NewInvoice): Promise<void> {
  const { lines } = invoice;
  await client.query(
    `INSERT INTO ledger.invoice (id, provider, format, file_name, file_sha256, from_day, until_day, has_amounts, has_quantities,
       names_accounts, names_models, lines, left_out_rows, rounded_amounts, amount_decimals, usage_usd, credit_usd, tax_usd, imported_by, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      ...[invoice.id, invoice.provider, invoice.format, invoice.fileName, invoice.fileSha256],
      ...[invoice.fromDay, invoice.untilDay, invoice.hasAmounts, invoice.hasQuantities],
      ...[invoice.namesAccounts, invoice.namesModels, lines.length, invoice.leftOutRows, invoice.roundedAmounts],
      ...[invoice.amountDecimals, formatUsd(invoice.usagePicoUsd), formatUsd(invoice.creditPicoUsd)],
      ...[formatUsd(invoice.taxPicoUsd), invoice.by, invoice.reason],
    ],
  );
  await client.query(
    `INSERT INTO ledger.invoice_line (invoice_id, number, file_line, day, account, model, kind, charge, quantity, amount_usd)
     SELECT $1, * FROM unnest($2::int[], $3::int[], $4::date[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::numeric[])`,
    [
      invoice.id,
      lines.map((_, index) => index + 1),
      lines.map(({ fileLine }) => fileLine),
      lines.map(({ day }) => day),
      lines.map(({ account }) => account),
      lines.map(({ model }) => model),
      lines.map(({ kind }) => kind),
      lines.map(({ charge }) => charge),
      lines.map(({ quantity }) => quantity?.toString() ?? null),
      lines.map(({ amountPicoUsd }) => (amountPicoUsd === undefined ? null : formatUsd(amountPicoUsd))),
    ],
  );
}

function toInvoice(row: Row): Invoice {
  return Invoice.create({
    ...{ id: row.id, provider: row.provider, format: row.format, fileName: row.file_name, fileSha256: row.file_sha256 },
    ...{
      fromDay: row.from_day,
      untilDay: row.until_day,
      hasAmounts: row.has_amounts,
      hasQuantities: row.has_quantities,
    },
    lines: BigInt(row.lines),
    leftOutRows: BigInt(row.left_out_rows),
    roundedAmounts: BigInt(row.rounded_amounts),
    usagePicoUsd: parseUsd(row.usage_usd).toString(),
    creditPicoUsd: parseUsd(row.credit_usd).toString(),
    taxPicoUsd: parseUsd(row.tax_usd).toString(),
    importedAtMs: row.imported_at_ms,
    ...{ importedBy: row.imported_by, reason: row.reason, supersededBy: row.superseded_by },
  });
}

function toLine(row: Row): InvoiceLine {
  return InvoiceLine.create({
    ...{ number: row.number, fileLine: row.file_line, day: row.day, account: row.account, model: row.model },
    ...{ kind: row.kind, charge: row.charge },
    quantity: row.quantity ?? undefined,
    amountPicoUsd: row.amount_usd === null ? undefined : parseUsd(row.amount_usd).toString(),
  });
}

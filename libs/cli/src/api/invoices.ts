// Providers' invoices, their comparison with the books and true-ups as the admin API shows them.
export interface Invoice {
  id: string;
  provider: string;
  format: string;
  fileName: string;
  from: string;
  until: string;
  hasAmounts: boolean;
  hasQuantities: boolean;
  lines: number;
  leftOutRows: number;
  roundedAmounts: number;
  usageUsd: string;
  creditUsd: string;
  taxUsd: string;
  importedAt: string;
  importedBy: string;
  supersededBy: string | null;
}

export interface InvoiceWithLines {
  invoice: Invoice;
  lines: {
    number: number;
    fileLine: number;
    day: string;
    account: string | null;
    model: string | null;
    kind: string;
    charge: string;
    quantity: string | null;
    amountUsd: string | null;
  }[];
  more: boolean;
}

interface ReconciliationSums {
  rows: number;
  invoicedUsd: string;
  bookedUsd: string;
  truedUpUsd: string;
  differenceUsd: string;
}

export interface Comparison {
  rows: {
    day: string;
    account: string | null;
    model: string | null;
    invoicedUsd: string | null;
    bookedUsd: string;
    truedUpUsd: string;
    differenceUsd: string | null;
    cause: string | null;
    explanation: string | null;
  }[];
  more: boolean;
  byCause: (ReconciliationSums & { cause: string | null })[];
  total: ReconciliationSums;
}

export interface Approved {
  approvalId: string;
  amountUsd: string;
  trueUps: {
    day: string;
    account: string | null;
    model: string | null;
    cause: string | null;
    amountUsd: string;
    accountingMonth: string;
  }[];
}

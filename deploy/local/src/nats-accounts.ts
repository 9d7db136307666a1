// The users of our NATS account as a piece of nats-server configuration: one per service, with only its subjects.

import type { NatsPermissions } from "@waybill/wire";

/** A password per user, services and `operator` alike. */
export type NatsPasswords = Readonly<Record<string, string>>;

/** The launcher's and the tests' user: every subject, no service's business. */
export const operatorUser = "operator";

/** One account with JetStream and a user for each row of the table, plus the operator. Fails on a service without a password. */
export function renderNatsAccounts(
  permissions: Readonly<Record<string, NatsPermissions>>,
  passwords: NatsPasswords,
): string {
  const users = Object.entries(permissions).map(([user, allowed]) => renderUser(user, passwords, allowed));
  users.push(renderUser(operatorUser, passwords, undefined));
  return `accounts {\n  WAYBILL {\n    jetstream: enabled\n    users: [\n${users.join("\n")}\n    ]\n  }\n}\n`;
}

function renderUser(user: string, passwords: NatsPasswords, allowed: NatsPermissions | undefined): string {
  const password = passwords[user];
  if (password === undefined || password === "") throw new Error(`the NATS user ${user} has no password`);
  const credentials = `user: ${quote(user)}, password: ${quote(password)}`;
  if (allowed === undefined) return `      { ${credentials} }`;
  const rules = `publish: ${renderRule(allowed.publish)}, subscribe: ${renderRule(allowed.subscribe)}`;
  return `      { ${credentials}, permissions: { ${rules} } }`;
}

/** An empty allow list means "everything" to nats-server, so nothing has to be said as a denial. */
function renderRule(subjects: readonly string[]): string {
  if (subjects.length === 0) return `{ deny: [">"] }`;
  return `{ allow: [${subjects.map(quote).join(", ")}] }`;
}

function quote(text: string): string {
  if (/["\\\p{Cc}]/u.test(text))
    throw new Error("a NATS user, password or subject has a character that cannot be quoted");
  return `"${text}"`;
}

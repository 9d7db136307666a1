// The local stack as a library: tests start the same NATS, Postgres and services that `npm start` does.

export { findNatsServer, natsServerVersion, natsServerWarning } from "./find-nats-server.ts";
export { type NatsPasswords, operatorUser } from "./nats-accounts.ts";
export { type NatsServerOptions, type RunningNatsServer, startNatsServer } from "./nats-server.ts";
export { PlainError } from "./plain-error.ts";
export { type PostgresOptions, type RunningPostgres, startPostgres } from "./postgres.ts";
export { applyRoles, type RoleName, type RolePasswords, RolesRefused, roleNames, urlAs } from "./roles.ts";

// The local stack as a library: tests start the same NATS, Postgres and services that `npm start` does.

export { findNatsServer, natsServerVersion, natsServerWarning } from "./find-nats-server.ts";
export { type NatsPasswords, operatorUser } from "./nats-accounts.ts";
export { type NatsServerOptions, type RunningNatsServer, startNatsServer } from "./nats-server.ts";
export { PlainError } from "./plain-error.ts";
export { type NamedPort, namePorts, type Ports, portsFromBase, requireFreePorts } from "./ports.ts";
export { type PostgresOptions, type RunningPostgres, startPostgres } from "./postgres.ts";
export { removeData } from "./postgres-user.ts";
export { migrateAll, type OwnerEnvironment, seedDemo } from "./prepare-database.ts";
export { renderEnvFile } from "./private-file.ts";
export { applyRoles, type RoleName, type RolePasswords, RolesRefused, roleNames, urlAs } from "./roles.ts";
export { makeSecrets, type Party, type StackSecrets } from "./secrets.ts";
export { type Supervised, type SupervisedOptions, superviseProcess } from "./supervise.ts";
export { type Column, renderTable } from "./text-table.ts";
export { type ProcessPlan, type Topology, type TopologySettings, topology } from "./topology.ts";

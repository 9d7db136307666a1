// Postgres made small: a pool, one transaction function, forward migrations.
export { type CopyField, copyIn, copyLine } from "./copy-in.ts";
export { copyCsv } from "./copy-out.ts";
export { type Migration, type MigrationSet, migrate, readMigrations } from "./migrate.ts";
export { type Client, connectOnce, openPool, type Pool, type PoolOptions, type Row } from "./pool.ts";
export { schemaProblem } from "./schema-version.ts";
export { sqlState, type TransactOptions, transact } from "./transact.ts";

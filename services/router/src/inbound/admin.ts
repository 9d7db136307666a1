// RoutingAdminService over gRPC: changes go to their stories, questions to the store, what-if to the snapshot.
import { type Clock, WaybillError } from "@waybill/domain";
import { type RpcServer, streamed, unary } from "@waybill/rpc";
import { type Pool, transact } from "@waybill/store";
import {
  type BacktestRequest,
  type BacktestUpdate,
  type CatalogueModel,
  type CheckRouteRequest,
  type CreateRouteRequest,
  type CreateVersionRequest,
  type DeleteRouteRequest,
  type DeployVersionRequest,
  type ListAuditRequest,
  type ListCatalogueRequest,
  type ListCatalogueResponse,
  type ListDeploymentsRequest,
  type ListRoutesRequest,
  type ListVersionsRequest,
  type RenameRouteRequest,
  type ReplayRequest,
  type ReplayResponse,
  type RouteRef,
  type RoutingAdminServiceServer,
  RoutingAdminServiceService,
  type SaveAliasRequest,
  type SaveModelsRequest,
  type SimulateRequest,
  type SimulateResponse,
  toWirePrice,
  type VersionRef,
} from "@waybill/wire";
import type { ChangeCatalogue } from "../change-catalogue.ts";
import { type ChangeRoutes, noVersion, requireRoute } from "../change-routes.ts";
import { AdminFields } from "../core/admin-fields.ts";
import { pricesOf } from "../core/model-change.ts";
import { readAudit } from "../outbound/audit-log.ts";
import { type DeployedRow, readDeployed } from "../outbound/catalogue-store.ts";
import { type PricesByModel, readPrices } from "../outbound/price-store.ts";
import { listDeployments, listRoutes, listVersions, readVersion } from "../outbound/route-store.ts";

export interface AdminOptions {
  pool: Pool;
  routes: ChangeRoutes;
  catalogue: ChangeCatalogue;
  /** True while some worker serves the model, by <provider>/<model>. */
  isLive(modelId: string, monotonicMs: number): boolean;
  clock: Clock;
  simulate(request: SimulateRequest): Promise<SimulateResponse>;
  replay(request: ReplayRequest): Promise<ReplayResponse>;
  backtest(request: BacktestRequest, signal: AbortSignal): AsyncIterable<BacktestUpdate>;
  onError(error: unknown): void;
}

const CALLERS = ["console", "operator"];

export function serveAdmin(server: RpcServer, options: AdminOptions): void {
  server.add(RoutingAdminServiceService, adminHandlers(options), CALLERS);
}

function adminHandlers(options: AdminOptions): RoutingAdminServiceServer {
  const { pool, routes, catalogue, simulate, replay, backtest, onError } = options;
  return {
    listRoutes: unary(async (request: ListRoutesRequest) => {
      const fields = new AdminFields();
      const [organisationId, limit] = [fields.organisation(request.organisationId), fields.limit(request.limit)];
      const afterName = fields.text("after_name", request.afterName, 0, 64);
      fields.done();
      return reading(() => listRoutes(pool, { organisationId, afterName, limit }));
    }, onError),
    getRoute: unary(async (request: RouteRef) => reading(() => requireRoute(pool, checkedRef(request))), onError),
    createRoute: unary((request: CreateRouteRequest) => routes.createRoute(request), onError),
    renameRoute: unary(async (request: RenameRouteRequest) => routes.renameRoute(withRef(request)), onError),
    deleteRoute: unary(async (request: DeleteRouteRequest) => routes.deleteRoute(withRef(request)), onError),
    createVersion: unary(async (request: CreateVersionRequest) => routes.createVersion(withRef(request)), onError),
    listVersions: unary(async ({ route, beforeVersion, limit }: ListVersionsRequest) => {
      const fields = new AdminFields();
      const page = { beforeVersion: fields.version("before_version", beforeVersion), limit: fields.limit(limit) };
      fields.done();
      return reading(async () => listVersions(pool, await requireRoute(pool, checkedRef(route)), page));
    }, onError),
    getVersion: unary(({ route, version }: VersionRef) => reading(() => getVersion(pool, route, version)), onError),
    deployVersion: unary(async (request: DeployVersionRequest) => routes.deployVersion(withRef(request)), onError),
    listDeployments: unary(async ({ route, limit: asked }: ListDeploymentsRequest) => {
      const fields = new AdminFields();
      const limit = fields.limit(asked);
      fields.done();
      return reading(async () => listDeployments(pool, (await requireRoute(pool, checkedRef(route))).id, limit));
    }, onError),
    checkRoute: unary(
      async ({ documentJson }: CheckRouteRequest) => ({ problems: routes.check(documentJson) }),
      onError,
    ),
    listCatalogue: unary((_: ListCatalogueRequest) => reading(() => listCatalogue(options)), onError),
    saveModels: unary((request: SaveModelsRequest) => catalogue.saveModels(request), onError),
    saveAlias: unary((request: SaveAliasRequest) => catalogue.saveAlias(request), onError),
    listRoutingAudit: unary(async (request: ListAuditRequest) => {
      const fields = new AdminFields();
      const beforeId = fields.auditId(request.beforeId);
      const [organisationId, limit] = [fields.organisation(request.organisationId), fields.limit(request.limit)];
      fields.done();
      return reading(async () => ({ entries: await readAudit(pool, { beforeId, limit, organisationId }) }));
    }, onError),
    simulate: unary(simulate, onError),
    replay: unary(replay, onError),
    backtest: streamed(backtest, onError),
  };
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new WaybillError("routes_unavailable", { detail, cause: error });
  }
}

/** Postgres takes no text with U+0000, and no name of ours has one. */
function checkedRef(ref: RouteRef | undefined): RouteRef | undefined {
  const fields = new AdminFields();
  fields.organisation(ref?.organisationId ?? "");
  fields.text("route.name", ref?.name ?? "", 0, 64);
  fields.done();
  return ref;
}

function withRef<T extends { route: RouteRef | undefined }>(request: T): T {
  checkedRef(request.route);
  return request;
}

async function getVersion(pool: Pool, ref: RouteRef | undefined, asked: number) {
  const route = await requireRoute(pool, checkedRef(ref));
  const version = asked || route.deployedVersion || route.latestVersion;
  const found = version > 2 ** 31 - 1 ? undefined : await readVersion(pool, route, version);
  if (!found) throw noVersion(route, version);
  return found;
}

async function listCatalogue({ pool, isLive, clock }: AdminOptions): Promise<ListCatalogueResponse> {
  const { rows, prices } = await transact(pool, async (client) => ({
    rows: await readDeployed(client),
    prices: await readPrices(client, undefined),
  }));
  const nowMs = clock.monotonicMs();
  const answer: ListCatalogueResponse = { providers: [], models: [], aliases: [] };
  for (const row of rows) {
    if (row.kind === "provider") {
      const { id, dialect, baseUrl, simulated } = row.document;
      answer.providers.push({ id, dialect, baseUrl, simulated, version: row.version });
    } else if (row.kind === "alias") answer.aliases.push({ ...row.document, version: row.version });
    else if (row.kind === "model")
      answer.models.push({ ...toCatalogueModel(row, prices), live: isLive(row.name, nowMs) });
  }
  return answer;
}

type ModelRow = Extract<DeployedRow, { kind: "model" }>;

function toCatalogueModel({ name, document, version, source }: ModelRow, prices: PricesByModel): CatalogueModel {
  const { contextWindowTokens, maxOutputTokens, capabilities, simulated } = document;
  return {
    ...{
      provider: document.provider,
      model: document.model,
      upstreamModel: document.upstreamModel,
      version,
      simulated,
    },
    contextWindowTokens: BigInt(contextWindowTokens),
    maxOutputTokens: BigInt(maxOutputTokens),
    capabilities: [...capabilities],
    prices: pricesOf(document.prices, prices.get(name) ?? []).map(({ effectiveFromMs, price }) => ({
      effectiveFromMs: BigInt(effectiveFromMs),
      price: toWirePrice(price),
    })),
    // Versions from before these fields existed do not have them.
    quality: { ...document.quality },
    firstTokenMs: document.firstTokenMs ?? 0,
    outputTokensPerSecond: document.outputTokensPerSecond ?? 0,
    deprecatedAtMs: BigInt(document.deprecatedAtMs ?? 0),
    // The simulator's models come with the program.
    source: simulated && source === "file" ? "built-in" : source,
    live: false,
  };
}

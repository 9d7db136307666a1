// THE STORY OF A CHANGE: check the document -> lock -> version, deployment and audit row in one transaction -> bucket. A policy
// change is live everywhere in under a second, and is taken back the same way.
import { WaybillError } from "@waybill/domain";
import type { RouteProblem } from "@waybill/routes";
import type { Client, Pool } from "@waybill/store";
import type {
  CreateRouteRequest,
  CreateVersionRequest,
  DeleteRouteRequest,
  DeployVersionRequest,
  RenameRouteRequest,
  Route,
  RouteRef,
  SavedVersion,
} from "@waybill/wire";
import { AdminFields } from "./core/admin-fields.ts";
import { checkRouteText, problemsAsText } from "./core/check-route.ts";
import type { KnownNames } from "./core/route/compile.ts";
import type { By } from "./outbound/audit-log.ts";
import { changing } from "./outbound/catalogue-store.ts";
import type { ChangePublisher } from "./outbound/publish-changes.ts";
import {
  countRoutes,
  deleteRoute,
  insertDeployment,
  insertRoute,
  insertVersion,
  isNameInUse,
  renameRoute,
} from "./outbound/route-changes.ts";
import { findRoute, readRoute, readVersion, readVersionBefore } from "./outbound/route-store.ts";

export interface ChangeRoutesOptions {
  pool: Pool;
  publisher: ChangePublisher;
  /** The present catalogue. */
  snapshot: KnownNames;
  /** False while the catalogue is not known here. */
  isConfigured(): boolean;
  /** Of all organisations. */
  routesMax: number;
}

/** Of all organisations. */
export const ROUTES_MAX = 20_000;
/** Of one route. */
const VERSIONS_MAX = 100_000;

export class ChangeRoutes {
  readonly #options: ChangeRoutesOptions;

  constructor(options: ChangeRoutesOptions) {
    this.#options = options;
  }

  /** Every problem of a document. Throws router_unavailable while the catalogue is not known here. */
  check(documentJson: string): RouteProblem[] {
    return checkDocument(this.#options, documentJson);
  }

  /** Throws already_exists. */
  async createRoute(request: CreateRouteRequest): Promise<SavedVersion> {
    const { organisationId, name, documentJson, deploy } = request;
    const fields = new AdminFields();
    const by = fields.by(request.actor, request.reason);
    fields.organisation(organisationId);
    fields.routeName(name);
    const source = fields.source(request.source);
    fields.done();
    const problems = this.check(documentJson);
    if (problems.length > 0) return refused(problems);
    return this.#save(deploy, by, async (client) => {
      if (await isNameInUse(client, organisationId, name)) throw nameInUse(name);
      await requireRoom(client, this.#options.routesMax);
      const id = await insertRoute(client, { organisationId, name }, { document: compact(documentJson), source }, by);
      return { id, version: 1 };
    });
  }

  /** Throws version_conflict. */
  async createVersion(request: CreateVersionRequest): Promise<SavedVersion> {
    const { documentJson, deploy, basedOnVersion } = request;
    const fields = new AdminFields();
    const by = fields.by(request.actor, request.reason);
    const source = fields.source(request.source);
    fields.done();
    const problems = this.check(documentJson);
    if (problems.length > 0) return refused(problems);
    return this.#save(deploy, by, async (client) => {
      const route = await requireRoute(client, request.route);
      if (basedOnVersion !== 0 && basedOnVersion !== route.latestVersion) throw conflict(route, basedOnVersion);
      if (route.latestVersion >= VERSIONS_MAX) throw tooMany("versions of this route", VERSIONS_MAX);
      const version = await insertVersion(client, route, { document: compact(documentJson), source }, by);
      return { id: route.id, version };
    });
  }

  async deployVersion(request: DeployVersionRequest): Promise<Route> {
    const fields = new AdminFields();
    const by = fields.by(request.actor, request.reason);
    fields.version("version", request.version);
    fields.done();
    this.#options.publisher.requireBus();
    const route = await changing(this.#options.pool, async (client) => {
      const found = await requireRoute(client, request.route);
      const version = await versionToDeploy(client, found, request.version);
      const stored = await readVersion(client, found, version);
      if (!stored) throw noVersion(found, version);
      // Models may have gone since it was saved.
      const problems = this.check(stored.documentJson);
      if (problems.length > 0) throw notDeployable(found, version, problems);
      await insertDeployment(client, found, version, by);
      return again(client, found.id);
    });
    return this.#publish(route);
  }

  /** Throws already_exists. */
  async renameRoute(request: RenameRouteRequest): Promise<Route> {
    const fields = new AdminFields();
    const by = fields.by(request.actor, request.reason);
    const name = fields.routeName(request.name);
    fields.done();
    this.#options.publisher.requireBus();
    const { route, nameBefore } = await changing(this.#options.pool, async (client) => {
      const found = await requireRoute(client, request.route);
      if (found.name === name) return { route: found, nameBefore: name };
      if (await isNameInUse(client, found.organisationId, name)) throw nameInUse(name);
      await renameRoute(client, found, name, by);
      return { route: await again(client, found.id), nameBefore: found.name };
    });
    return this.#publish(route, nameBefore);
  }

  async deleteRoute(request: DeleteRouteRequest): Promise<Route> {
    const fields = new AdminFields();
    const by = fields.by(request.actor, request.reason);
    fields.done();
    this.#options.publisher.requireBus();
    const route = await changing(this.#options.pool, async (client) => {
      const found = await requireRoute(client, request.route);
      const live = await readVersion(client, found, found.deployedVersion || found.latestVersion);
      await deleteRoute(client, found, live?.documentJson, by);
      return again(client, found.id);
    });
    return this.#publish(route);
  }

  /** A draft is stored without the bus too: it changes nothing that is in service. */
  async #save(
    deploy: boolean,
    by: By,
    insert: (client: Client) => Promise<{ id: string; version: number }>,
  ): Promise<SavedVersion> {
    if (deploy) this.#options.publisher.requireBus();
    const { route, version } = await changing(this.#options.pool, async (client) => {
      const inserted = await insert(client);
      if (deploy) await insertDeployment(client, await again(client, inserted.id), inserted.version, by);
      const saved = await again(client, inserted.id);
      return { route: saved, version: await readVersion(client, saved, inserted.version) };
    });
    await this.#publish(route);
    return { problems: [], route, version };
  }

  async #publish(route: Route, ...namesBefore: string[]): Promise<Route> {
    const { id, organisationId, name } = route;
    const names = [name, ...namesBefore];
    await this.#options.publisher.publish({ routes: [{ id, organisationId, names }], catalogue: [] });
    return route;
  }
}

/** What the catalogue does not know cannot be told from what does not exist. */
function checkDocument({ snapshot, isConfigured }: ChangeRoutesOptions, documentJson: string): RouteProblem[] {
  if (!isConfigured()) throw new WaybillError("router_unavailable", { detail: "the catalogue is not known here yet" });
  const identity = { organisationId: "", name: "check", version: 0 };
  return checkRouteText(identity, documentJson, snapshot).problems;
}

async function again(client: Client, id: string): Promise<Route> {
  const route = await readRoute(client, id);
  if (!route) throw new WaybillError("not_found", { publicMessage: "There is no such route." });
  return route;
}

/** Throws not_found. */
export async function requireRoute(client: Pick<Client, "query">, ref: RouteRef | undefined): Promise<Route> {
  const route = ref && (await findRoute(client, ref));
  if (!route) throw new WaybillError("not_found", { publicMessage: "There is no such route." });
  return route;
}

async function versionToDeploy(client: Client, route: Route, asked: number): Promise<number> {
  if (asked !== 0) return asked;
  const before = await readVersionBefore(client, route);
  if (before !== undefined) return before;
  throw new WaybillError("not_found", { publicMessage: "No other version of this route was deployed before." });
}

async function requireRoom(client: Client, routesMax: number): Promise<void> {
  if ((await countRoutes(client)) >= routesMax) throw tooMany("routes", routesMax);
}

/** Without the spaces of its author, in their order. */
function compact(documentJson: string): string {
  return JSON.stringify(JSON.parse(documentJson));
}

function refused(problems: RouteProblem[]): SavedVersion {
  return { problems, route: undefined, version: undefined };
}

function nameInUse(name: string): WaybillError {
  return new WaybillError("already_exists", {
    publicMessage: `There is already a route named ${name}.`,
    param: "name",
  });
}

function conflict({ latestVersion }: Route, basedOn: number): WaybillError {
  const publicMessage = `The change is based on version ${basedOn}, and the latest is version ${latestVersion}.`;
  return new WaybillError("version_conflict", { publicMessage, param: "based_on_version" });
}

function tooMany(what: string, max: number): WaybillError {
  return new WaybillError("invalid_value", { publicMessage: `There are already ${max} ${what}, which is the most.` });
}

export function noVersion({ name }: Route, version: number): WaybillError {
  return new WaybillError("not_found", { publicMessage: `Route ${name} has no version ${version}.` });
}

function notDeployable({ name }: Route, version: number, problems: readonly RouteProblem[]): WaybillError {
  const publicMessage = `Version ${version} of route ${name} cannot be deployed: ${problemsAsText(problems)}.`;
  return new WaybillError("invalid_value", { publicMessage, param: "version" });
}

// Aliases: other names for models.
import { WaybillError } from "@waybill/domain";
import { ListCatalogueRequest, SaveAliasRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { ProblemsError } from "../answers.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/catalogue.ts";

const HERE = { tag: "catalogue", dialect: "waybill", isOfInstallation: true } as const;

export function aliasEndpoints({ routing }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: "/api/v1/aliases",
      id: "listAliases",
      summary: "Aliases",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.aliasList,
      handle: async () => ({ aliases: (await routing.listCatalogue(ListCatalogueRequest.create({}))).aliases }),
    }),
    endpoint({
      ...HERE,
      method: "PUT",
      path: "/api/v1/aliases/{name}",
      id: "saveAlias",
      summary: "Make an alias, or let it stand for another model",
      params: schemas.aliasParams,
      query: organisationQuery,
      body: schemas.saveAliasBody,
      answer: schemas.alias,
      async handle({ admin: { actor }, params: { name }, body: { target, reason } }) {
        const { alias, problems } = await routing.saveAlias(SaveAliasRequest.create({ actor, name, target, reason }));
        if (problems.length > 0) throw new ProblemsError(problems, "the alias cannot be saved as it is");
        if (!alias) throw new WaybillError("internal_error");
        return alias;
      },
    }),
    endpoint({
      ...HERE,
      method: "DELETE",
      path: "/api/v1/aliases/{name}",
      id: "deleteAlias",
      summary: "Take an alias away",
      params: schemas.aliasParams,
      query: schemas.deleteAliasQuery,
      body: noBody,
      answer: schemas.deletedAlias,
      async handle({ admin: { actor }, params: { name }, query: { reason } }) {
        await routing.saveAlias(SaveAliasRequest.create({ actor, name, target: "", reason }));
        return { name };
      },
    }),
  ];
}

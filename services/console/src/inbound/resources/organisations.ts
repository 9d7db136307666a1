// Organisations: seen, made, renamed, and deleted once nothing is in them any more.
import { DeleteAccountRequest, ListOrganisationsRequest, SaveOrganisationRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/organisations.ts";
import { changeBy } from "./account-change.ts";

const HERE = { tag: "accounts", dialect: "waybill" } as const;
const PATH = "/api/v1/organisations";

export function organisationEndpoints({ accounts }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: PATH,
      id: "listOrganisations",
      summary: "Organisations that this key may see",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.organisationList,
      async handle({ admin: { organisationId } }) {
        const { organisations } = await accounts.listOrganisations(ListOrganisationsRequest.create({}));
        return { organisations: organisations.filter(({ id }) => organisationId === "" || id === organisationId) };
      },
    }),
    endpoint({
      ...HERE,
      isOfInstallation: true,
      method: "POST",
      path: PATH,
      id: "createOrganisation",
      summary: "Make an organisation",
      params: nothing,
      query: organisationQuery,
      body: schemas.createOrganisationBody,
      answer: schemas.organisationJson,
      status: 201,
      handle: ({ admin, body: { id, name = id, reason } }) =>
        accounts.createOrganisation(SaveOrganisationRequest.create({ change: changeBy(admin, reason), id, name })),
    }),
    endpoint({
      ...HERE,
      method: "PATCH",
      path: `${PATH}/{id}`,
      id: "updateOrganisation",
      summary: "Give an organisation another name",
      params: schemas.idParams,
      query: organisationQuery,
      body: schemas.updateOrganisationBody,
      answer: schemas.organisationJson,
      handle: ({ admin, params: { id }, body: { name, reason } }) =>
        accounts.updateOrganisation(SaveOrganisationRequest.create({ change: changeBy(admin, reason), id, name })),
    }),
    endpoint({
      ...HERE,
      isOfInstallation: true,
      method: "DELETE",
      path: `${PATH}/{id}`,
      id: "deleteOrganisation",
      summary: "Delete an organisation that has no teams, budgets and admin keys any more",
      params: schemas.idParams,
      query: schemas.deleteAccountQuery,
      body: noBody,
      answer: schemas.deletedAccount,
      async handle({ admin, params: { id }, query: { reason } }) {
        await accounts.deleteOrganisation(DeleteAccountRequest.create({ change: changeBy(admin, reason), id }));
        return { id };
      },
    }),
  ];
}

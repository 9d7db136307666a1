// Teams: seen, made, changed, and deleted once nobody is in them any more.
import { DeleteAccountRequest, ListTeamsRequest, SaveTeamRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/organisations.ts";
import { changeBy, organisationOf } from "./account-change.ts";

const HERE = { tag: "accounts", dialect: "waybill" } as const;
const PATH = "/api/v1/teams";

export function teamEndpoints({ accounts }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: PATH,
      id: "listTeams",
      summary: "Teams",
      params: nothing,
      query: organisationQuery,
      body: noBody,
      answer: schemas.teamList,
      handle: ({ admin: { organisationId } }) => accounts.listTeams(ListTeamsRequest.create({ organisationId })),
    }),
    endpoint({
      ...HERE,
      method: "POST",
      path: PATH,
      id: "createTeam",
      summary: "Make a team",
      params: nothing,
      query: organisationQuery,
      body: schemas.createTeamBody,
      answer: schemas.teamJson,
      status: 201,
      async handle({ admin, body: { reason, ...team } }) {
        const organisationId = organisationOf(admin);
        return accounts.createTeam(
          SaveTeamRequest.create({ change: changeBy(admin, reason), organisationId, ...team }),
        );
      },
    }),
    endpoint({
      ...HERE,
      method: "PATCH",
      path: `${PATH}/{id}`,
      id: "updateTeam",
      summary: "Give a team another name or cost centre",
      params: schemas.idParams,
      query: organisationQuery,
      body: schemas.updateTeamBody,
      answer: schemas.teamJson,
      async handle({ admin, params: { id }, body: { reason, ...team } }) {
        const organisationId = organisationOf(admin);
        const change = changeBy(admin, reason);
        return accounts.updateTeam(SaveTeamRequest.create({ change, organisationId, id, ...team }));
      },
    }),
    endpoint({
      ...HERE,
      method: "DELETE",
      path: `${PATH}/{id}`,
      id: "deleteTeam",
      summary: "Delete a team that has no users and budgets any more",
      params: schemas.idParams,
      query: schemas.deleteAccountQuery,
      body: noBody,
      answer: schemas.deletedAccount,
      async handle({ admin, params: { id }, query: { reason } }) {
        const organisationId = organisationOf(admin);
        await accounts.deleteTeam(DeleteAccountRequest.create({ change: changeBy(admin, reason), organisationId, id }));
        return { id };
      },
    }),
  ];
}

// Users, each of one team: seen, made, changed, moved, and deleted once their keys are revoked.
import { DeleteAccountRequest, ListUsersRequest, SaveUserRequest } from "@waybill/wire";
import type { Owners } from "../../ports.ts";
import { type AnyEndpoint, endpoint } from "../endpoint.ts";
import { noBody, nothing, organisationQuery } from "../schemas/basics.ts";
import * as schemas from "../schemas/organisations.ts";
import { changeBy, organisationOf } from "./account-change.ts";

const HERE = { tag: "accounts", dialect: "waybill" } as const;
const PATH = "/api/v1/users";

export function userEndpoints({ accounts }: Owners): AnyEndpoint[] {
  return [
    endpoint({
      ...HERE,
      method: "GET",
      path: PATH,
      id: "listUsers",
      summary: "Users, by organisation and id",
      params: nothing,
      query: schemas.listUsersQuery,
      body: noBody,
      answer: schemas.userList,
      async handle({ admin: { organisationId }, query: { team: teamId = "", after, limit } }) {
        const found = await accounts.listUsers(ListUsersRequest.create({ organisationId, teamId, after, limit }));
        return { users: found.users, nextAfter: found.nextAfter || null };
      },
    }),
    endpoint({
      ...HERE,
      method: "POST",
      path: PATH,
      id: "createUser",
      summary: "Make a user",
      params: nothing,
      query: organisationQuery,
      body: schemas.createUserBody,
      answer: schemas.userJson,
      status: 201,
      async handle({ admin, body: { reason, ...user } }) {
        const organisationId = organisationOf(admin);
        return accounts.createUser(
          SaveUserRequest.create({ change: changeBy(admin, reason), organisationId, ...user }),
        );
      },
    }),
    endpoint({
      ...HERE,
      method: "PATCH",
      path: `${PATH}/{id}`,
      id: "updateUser",
      summary: "Give a user another name or team",
      params: schemas.idParams,
      query: organisationQuery,
      body: schemas.updateUserBody,
      answer: schemas.userJson,
      async handle({ admin, params: { id }, body: { reason, ...user } }) {
        const organisationId = organisationOf(admin);
        const change = changeBy(admin, reason);
        return accounts.updateUser(SaveUserRequest.create({ change, organisationId, id, ...user }));
      },
    }),
    endpoint({
      ...HERE,
      method: "DELETE",
      path: `${PATH}/{id}`,
      id: "deleteUser",
      summary: "Delete a user whose keys are revoked, with these keys",
      params: schemas.idParams,
      query: schemas.deleteAccountQuery,
      body: noBody,
      answer: schemas.deletedAccount,
      async handle({ admin, params: { id }, query: { reason } }) {
        const organisationId = organisationOf(admin);
        await accounts.deleteUser(DeleteAccountRequest.create({ change: changeBy(admin, reason), organisationId, id }));
        return { id };
      },
    }),
  ];
}

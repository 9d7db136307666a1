// GET /v1/models and /v1/models/{id}: the names a key may write as `model`, in OpenAI's shape, or in Anthropic's where the client
// says by its `anthropic-version` that it reads that one.
import { WaybillError } from "@waybill/domain";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ModelsReader, PublicModel } from "../core/public-models.ts";
import type { Authenticate } from "../ports.ts";
import { presentedKey } from "./presented-key.ts";

export interface ModelsOptions {
  authenticate: Authenticate;
  listModels(reader: ModelsReader): PublicModel[];
}

/** Nobody knows when a name came to be: both APIs want a date, and this one says that it is none. */
const NO_DATE = new Date(0).toISOString().replace(".000", "");

export function addModelsRoutes(server: FastifyInstance, { authenticate, listModels }: ModelsOptions): void {
  const modelsFor = async (request: FastifyRequest, reply: FastifyReply): Promise<PublicModel[]> => {
    const key = await authenticate(presentedKey(request));
    void reply.headers({ "x-request-id": request.requestId, "request-id": request.requestId });
    const { allowedModels, allowedRoutes } = key;
    return listModels({ organisationId: key.attribution?.organisationId ?? "", allowedModels, allowedRoutes });
  };
  server.get("/v1/models", async (request, reply) => {
    const models = await modelsFor(request, reply);
    return readsAnthropic(request) ? anthropicList(models) : { object: "list", data: models.map(openAiModel) };
  });
  // A name has slashes, written as they are or encoded; the router has decoded it once.
  server.get<{ Params: { "*": string } }>("/v1/models/*", async (request, reply) => {
    const id = request.params["*"];
    const model = (await modelsFor(request, reply)).find((each) => each.id === id);
    // What others may use is not even said to be there.
    if (!model) throw new WaybillError("model_not_found", { param: "model" });
    return readsAnthropic(request) ? anthropicModel(model) : openAiModel(model);
  });
}

function readsAnthropic({ headers }: { headers: FastifyRequest["headers"] }): boolean {
  return headers["anthropic-version"] !== undefined;
}

function openAiModel({ id, ownedBy }: PublicModel): object {
  return { id, object: "model", created: 0, owned_by: ownedBy };
}

function anthropicModel({ id }: PublicModel): object {
  return { type: "model", id, display_name: id, created_at: NO_DATE };
}

/** All on one page. */
function anthropicList(models: readonly PublicModel[]): object {
  const data = models.map(anthropicModel);
  return { data, has_more: false, first_id: models[0]?.id ?? null, last_id: models.at(-1)?.id ?? null };
}

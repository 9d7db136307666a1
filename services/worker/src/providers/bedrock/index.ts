// Amazon Bedrock: every maker's models there by Converse.
import { exchangeOf, type Line } from "../../core/exchange.ts";
import { bedrockConverseWire } from "../../wires/bedrock-converse/index.ts";
import type { ProviderDialect } from "../provider.ts";
import { awsCredentials, conversePath } from "./request.ts";

const LINES: readonly Line[] = [{ wire: bedrockConverseWire, path: conversePath }];

export const bedrock: ProviderDialect = {
  exchange: (surface) => exchangeOf(LINES, surface),
  credentials: awsCredentials,
};

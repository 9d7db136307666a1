// In whose dialect an error is told where no surface has taken the request: by the path alone.
import { openAiChat, SURFACES, type Surface } from "@waybill/surfaces";

/** The surface whose path the URL begins with; OpenAI's chat, which most clients read, for any other. */
export function errorSurface(url: string | undefined): Surface {
  const path = (url ?? "").split("?")[0] ?? "";
  return SURFACES.find((surface) => path === surface.path || path.startsWith(`${surface.path}/`)) ?? openAiChat;
}

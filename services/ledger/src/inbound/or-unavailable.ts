// What the books do not answer becomes an error that says so.
import { WaybillError } from "@waybill/domain";

export type OnError = (error: unknown) => void;

/** What is refused for a reason stays as it is; anything else is told to `onError` and thrown as usage_unavailable. */
export async function orUnavailable<T>(work: Promise<T>, onError: OnError): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WaybillError) throw error;
    onError(error);
    const publicMessage = "The books cannot be read at the moment.";
    throw new WaybillError("usage_unavailable", { publicMessage, cause: error });
  }
}

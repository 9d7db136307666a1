// Loaded into the Portkey gateway's process before its program: it would listen on every interface and has no setting
// for that. Nothing else is changed.
import { Server } from "node:net";

const listen = Server.prototype.listen;
Server.prototype.listen = function (options, ...rest) {
  if (typeof options === "object" && options !== null && "port" in options) {
    return listen.call(this, { ...options, host: "127.0.0.1" }, ...rest);
  }
  if (typeof options === "number") {
    return listen.call(this, options, "127.0.0.1", ...rest.filter((each) => typeof each === "function"));
  }
  return listen.call(this, options, ...rest);
};

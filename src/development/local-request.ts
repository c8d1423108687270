/**
 * Who may talk to `npm start`: clients that name this machine by a loopback name and the port, and pages of loopback origins.
 * Its credential is printed on every terminal, so that this alone keeps a web page elsewhere from administering it.
 * Judges headers that no page can choose for itself. Never the address of the request, which Miniflare takes from a header
 * of the client; nor `Sec-Fetch-Site`, which calls a page on localhost as foreign to 127.0.0.1 as any other.
 */
import { err, ok, type Result } from "../domain/errors.ts";

const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];
const LOOPBACK_ORIGIN = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i;
/** What Miniflare and workerd tell each other by. They trust these headers, and a client has no use for any. */
const RUNTIME_PREFIX = "mf-";

export type ForeignRequest = {
  /** RFC 9110, section 15.5.20: 421 is for a host that a server does not answer for. */
  readonly status: 400 | 403 | 421;
  readonly reason: "foreign-host" | "foreign-origin" | "runtime-header";
  readonly message: string;
};

/** Origins as browsers write them: a page of this machine, on any port. `null` is anybody's. */
export function isLoopbackOrigin(origin: string): boolean {
  return LOOPBACK_ORIGIN.test(origin);
}

/** `host:port`, and for the port that is usual for the scheme the host alone as well. */
function hostsOf(developmentOrigin: string): readonly string[] {
  const { port, protocol } = new URL(developmentOrigin);
  const usual = protocol === "https:" ? 443 : 80;
  return port === ""
    ? LOOPBACK_NAMES.flatMap((name) => [name, `${name}:${usual}`])
    : LOOPBACK_NAMES.map((name) => `${name}:${port}`);
}

/**
 * `developmentOrigin` says the port. A page elsewhere that points its own name at this machine sends that name as its Host; a page that
 * calls a loopback name sends its Origin, preflights included. Of a header that is sent twice the runtime makes one value,
 * which is no single name.
 */
export function admitLocal(headers: Headers, developmentOrigin: string): Result<void, ForeignRequest> {
  const hosts = hostsOf(developmentOrigin);
  if (!hosts.includes((headers.get("host") ?? "").toLowerCase())) {
    const message = `This local service answers to the Host ${hosts.join(", ")} alone.`;
    return err({ status: 421, reason: "foreign-host", message });
  }
  const origin = headers.get("origin");
  if (origin !== null && !isLoopbackOrigin(origin)) {
    const message = "This local service answers pages on localhost, 127.0.0.1 and [::1] alone, on any port.";
    return err({ status: 403, reason: "foreign-origin", message });
  }
  for (const name of headers.keys()) {
    if (!name.startsWith(RUNTIME_PREFIX)) continue;
    return err({
      status: 400,
      reason: "runtime-header",
      message: "Headers that begin with MF- are the runtime's own.",
    });
  }
  return ok(undefined);
}

/** A browser that was pointed at the API, which is for programs. */

/** Whether a person looks, as a browser says it for what is typed into its address bar; no SDK and no `curl` asks for a page. */
export function asksForPage({ method, headers }: Pick<Request, "method" | "headers">): boolean {
  return (method === "GET" || method === "HEAD") && headers.get("accept")?.includes("text/html") === true;
}

/** One sentence, the same for everybody: neither a version nor a name of the software, and nothing of the request. */
export function sentenceForBrowsers(): Response {
  return sentence(200, "This is an identity service for apps: it has an API, and no pages here.");
}

/**
 * What the authorization endpoint answers: no request can be good there (RFC 6749, section 4.2.2.1). Of the request, which may hold
 * a `state` and a `nonce`, nothing is repeated, kept or sent on.
 */
export function authorizationResponse(): Response {
  return sentence(
    400,
    "This is an issuer of OpenID tokens without a login page: apps get tokens from its API, by GetOpenIdToken, for users who have signed in elsewhere.",
  );
}

function sentence(status: number, text: string): Response {
  return new Response(`${text}\n`, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

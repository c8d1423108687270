/** A browser that was pointed at the API, which is for programs. */

/** Whether a person looks, as a browser says it for what is typed into its address bar; no SDK and no `curl` asks for a page. */
export function asksForPage({ method, headers }: Pick<Request, "method" | "headers">): boolean {
  return (method === "GET" || method === "HEAD") && headers.get("accept")?.includes("text/html") === true;
}

/** One sentence, the same for everybody: neither a version nor a name of the software, and nothing of the request. */
export function sentenceForBrowsers(): Response {
  return new Response("This is an identity service for apps: it has an API, and no pages here.\n", {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    },
  });
}

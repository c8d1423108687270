/**
 * The sign-in page of the development issuer: plain HTML that works without scripts. Every value goes through the
 * escaping template; the policy admits the page's own style and its form, and nothing else.
 */
import { html } from "hono/html";
import { ISSUER_PATH } from "./development-issuer.ts";

export type PageContent =
  | { readonly kind: "form" }
  | { readonly kind: "refused"; readonly name: string; readonly problem: string }
  | {
      readonly kind: "signed-in";
      readonly name: string;
      readonly providerName: string;
      readonly token: string;
      readonly expiresAt: number;
      readonly commands: readonly string[];
    };

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
  label { display: block; font-weight: 600; }
  input, button { font: inherit; padding: 0.4rem 0.6rem; margin: 0.25rem 0.25rem 0.25rem 0; }
  pre { border: 1px solid; border-radius: 0.25rem; padding: 0.75rem; overflow: auto; user-select: all; }
  pre.token { white-space: pre-wrap; overflow-wrap: anywhere; }
  [role="alert"] { border-left: 0.25rem solid; padding-left: 0.75rem; }
`;

/** `nonce` is new for each answer: it is what lets this style in, and no other. */
export function contentSecurityPolicy(nonce: string): string {
  return `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

function form(name: string, problem: string | undefined) {
  return html`
    <form method="post" action="${ISSUER_PATH}">
      <label for="name">Name</label>
      <input
        id="name"
        name="name"
        value="${name}"
        maxlength="64"
        required
        autofocus
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        aria-describedby="about-name${problem === undefined ? "" : " problem"}"
        aria-invalid="${problem === undefined ? "false" : "true"}"
      />
      <button type="submit">Sign in</button>
      <p id="about-name">Any name will do. The same name is always the same person.</p>
      ${problem === undefined ? "" : html`<p id="problem" role="alert">${problem}</p>`}
    </form>
  `;
}

function result(content: Extract<PageContent, { kind: "signed-in" }>) {
  return html`
    <h2>Signed in as ${content.name}</h2>
    <h3 id="provider">Provider name</h3>
    <pre tabindex="0" aria-labelledby="provider">${content.providerName}</pre>
    <h3 id="token">Login token</h3>
    <p>Valid until ${new Date(content.expiresAt * 1000).toISOString()}.</p>
    <pre class="token" tabindex="0" aria-labelledby="token">${content.token}</pre>
    <h3 id="next">Next: exchange it</h3>
    <p>Paste into a shell. One click selects all of it.</p>
    <pre tabindex="0" aria-labelledby="next">${content.commands.join("\n")}</pre>
    <h2>Sign in as somebody else</h2>
  `;
}

export function issuerPage(content: PageContent, nonce: string) {
  const name = content.kind === "refused" ? content.name : "";
  const problem = content.kind === "refused" ? content.problem : undefined;
  const title = content.kind === "refused" ? "Not signed in" : "Sign in";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Edgepool development issuer</title>
        <style nonce="${nonce}">
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <h1>Edgepool development issuer</h1>
          <p>Signs in anyone you name. It runs on this machine only and is not part of a deployment.</p>
          ${content.kind === "signed-in" ? result(content) : ""} ${form(name, problem)}
        </main>
      </body>
    </html>`;
}

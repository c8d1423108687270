/** What the development pages have in common: head, policy, and texts to copy. Every value goes through the escaping template. */
import { html } from "hono/html";
import { ISSUER_PATH } from "./development-issuer.ts";

export const STYLE_PATH = "/development/pages.css";
export const SCRIPT_PATH = "/development/pages.js";
export const ICON_PATH = "/development/icon.svg";

type Html = ReturnType<typeof html>;

/** Files of this origin alone, nothing inline, and no text that becomes code. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

export function pageFrame(title: string, main: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} · Edgepool on this machine</title>
        <link rel="icon" href="${ICON_PATH}" />
        <link rel="stylesheet" href="${STYLE_PATH}" />
        <script type="module" src="${SCRIPT_PATH}"></script>
      </head>
      <body>
        <header>
          <div>
            <a class="brand" href="/">Edgepool</a>
            <nav aria-label="Pages">
              <a href="/console/">Console</a>
              <a href="${ISSUER_PATH}">Sign in</a>
            </nav>
          </div>
        </header>
        <main>${main}</main>
      </body>
    </html>`;
}

/** A text of one line, in its row of a list. */
export function fact(name: string, value: string): Html {
  return html`<dt>${name}</dt>
    <dd><code data-copy aria-label="${name}">${value}</code></dd>`;
}

/** Commands, or another text of many lines. The title's id is made of it. */
export function copyable(title: string, text: string): Html {
  const id = title.toLowerCase().replaceAll(/\W+/g, "-");
  return html`<div class="command">
    <h3 id="${id}">${title}</h3>
    <pre tabindex="0" data-copy aria-labelledby="${id}">${text}</pre>
  </div>`;
}

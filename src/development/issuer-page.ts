/** The sign-in page of the development issuer. It signs people in without scripts; the page's script shows what their tokens are good for. */
import { html } from "hono/html";
import { ISSUER_PATH, type LoginClaims } from "./development-issuer.ts";
import { copyable, fact, pageFrame } from "./page-frame.ts";

export type PageContent =
  | { readonly kind: "form" }
  | { readonly kind: "refused"; readonly name: string; readonly problem: string }
  | {
      readonly kind: "signed-in";
      readonly claims: LoginClaims;
      readonly providerName: string;
      readonly identityPoolId: string;
      readonly token: string;
      readonly commands: readonly string[];
    };

type SignedIn = Extract<PageContent, { kind: "signed-in" }>;

const CLAIMS: readonly (readonly [name: keyof LoginClaims, meaning: string])[] = [
  ["name", "the name that was given"],
  ["iss", "who vouches: this issuer"],
  ["sub", "who it is, to the issuer: always the same for one name"],
  ["aud", "the client that it is for, as the pool's settings name it"],
  ["iat", "when it was signed"],
  ["exp", "until when it is good"],
];

/** The form has the focus where it is what the page is for: elsewhere a browser would scroll past all else to it. */
function form(name: string, problem: string | undefined, isFirst: boolean) {
  const describedBy = problem === undefined ? "about-name" : "about-name problem";
  return html`
    <form method="post" action="${ISSUER_PATH}">
      <label for="name">Name</label>
      <div class="field">
        <input
          id="name"
          name="name"
          value="${name}"
          maxlength="64"
          required
          ${isFirst ? "autofocus" : ""}
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
          aria-describedby="${describedBy}"
          aria-invalid="${problem === undefined ? "false" : "true"}"
        />
        <button type="submit" class="${isFirst ? "primary" : ""}">Sign in</button>
      </div>
      ${problem === undefined ? "" : html`<p id="problem" role="alert">${problem}</p>`}
      <p id="about-name" class="hint">Any name will do. The same name is always the same person.</p>
    </form>
  `;
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000", "");
}

function claimsTable(claims: LoginClaims) {
  const rows = CLAIMS.map(([name, meaning]) => {
    const value = claims[name];
    return html`<tr>
      <th scope="row"><code>${name}</code><small>${meaning}</small></th>
      <td><code>${typeof value === "number" ? `${value} (${instant(value)})` : value}</code></td>
    </tr>`;
  });
  return html`<div class="table">
    <table>
      <thead>
        <tr>
          <th scope="col">Claim</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function result({ claims, providerName, identityPoolId, token, commands }: SignedIn) {
  return html`
    <h1>Signed in as ${claims.name}</h1>
    <p class="muted">This issuer vouches for ${claims.name} by a login token, which an app would now hold.</p>
    <dl>${fact("Provider name", providerName)} ${fact("Good until", instant(claims.exp))}</dl>
    <section
      data-button="Exchange it for an OpenID token"
      data-pool="${identityPoolId}"
      data-provider="${providerName}"
      data-login="${token}"
    >
      <h2>The identity</h2>
      <p>GetId finds or makes the identity of this login in the demo pool; GetOpenIdToken answers with its token.</p>
      <noscript><p>The button needs JavaScript. The commands below do the same.</p></noscript>
    </section>
    <h2>What the login token says</h2>
    ${claimsTable(claims)} ${copyable("The login token", token)}
    <h2>The same, from a shell</h2>
    ${copyable("Exchange the login token", commands.join("\n"))}
    <h2>Sign in as somebody else</h2>
    ${form("", undefined, false)}
  `;
}

function question(name: string, problem: string | undefined) {
  return html`
    <h1>Sign in</h1>
    <p class="muted">The development issuer of this machine vouches for anyone. No deployment has it.</p>
    ${form(name, problem, true)}
  `;
}

export function issuerPage(content: PageContent) {
  switch (content.kind) {
    case "form":
      return pageFrame("Sign in", question("", undefined));
    case "refused":
      return pageFrame("Not signed in", question(content.name, content.problem));
    case "signed-in":
      return pageFrame(`Signed in as ${content.claims.name}`, result(content));
  }
}

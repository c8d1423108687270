/** What a browser is shown at `/` of a local service: where it is, what can be done with it, and that it works. */
import { html } from "hono/html";
import { awsGuest, awsLogin, curlGuest, curlLogin, type Relying, type Service, verifyToken } from "./commands.ts";
import { ISSUER_PATH } from "./development-issuer.ts";
import { copyable, fact, pageFrame } from "./page-frame.ts";

/** Whom the commands sign in. */
const NAME = "alice";

export function firstPage(service: Service, relying: Relying) {
  const { endpoint, identityPoolId, region } = service;
  return pageFrame(
    "Ready",
    html`
      <h1>Edgepool is running</h1>
      <p class="muted">Cognito identity pools on this machine. Apps call the API at the same address.</p>
      <dl>
        ${fact("Endpoint", endpoint)} ${fact("Identity pool", identityPoolId)} ${fact("Region", region)}
        <dt>Discovery</dt>
        <dd>
          <a href="/.well-known/openid-configuration" data-copy
            ><code>${relying.issuer}/.well-known/openid-configuration</code></a
          >
        </dd>
      </dl>
      <ul class="ways">
        <li>
          <a href="/console/"><b>Console</b> Pools, identities, keys, and why a login is refused.</a>
        </li>
        <li>
          <a href="${ISSUER_PATH}"><b>Sign in as anyone</b> Get a login token, and exchange it.</a>
        </li>
      </ul>
      <section data-button="Make a guest, and verify its token" data-pool="${identityPoolId}">
        <h2>A guest's token</h2>
        <p>An app gets it by two calls. A relying party verifies it by this service's public documents alone.</p>
        <noscript><p>The button needs JavaScript. The commands below do the same.</p></noscript>
      </section>
      <h2>The same, from a shell</h2>
      ${endpoint.startsWith("https:") ? html`<p>First paste the line of the terminal that trusts the certificate.</p>` : ""}
      ${copyable("A guest", curlGuest(service).join("\n"))}
      ${copyable(`The guest becomes ${NAME}`, curlLogin(service, NAME).join("\n"))}
      ${copyable("The token verified, in the folder of the checkout", verifyToken(service, relying).join("\n"))}
      <details>
        <summary>With the AWS command line</summary>
        ${copyable("A guest, with aws", awsGuest(service).join("\n"))}
        ${copyable(`The guest becomes ${NAME}, with aws`, awsLogin(service, NAME).join("\n"))}
      </details>
    `,
  );
}

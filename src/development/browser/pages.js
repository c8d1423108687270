/**
 * The script of the development pages: copies texts, and gets a token and verifies it before one's eyes, as an app and a relying
 * party would. All that it shows goes through textContent. The pages work without it, but for these buttons.
 */

/** @typedef {{ readonly header: Record<string, any>, readonly claims: Record<string, any>, readonly signed: string, readonly signature: Uint8Array<ArrayBuffer> }} Decoded */
/** @typedef {{ readonly title: string, readonly note?: string, readonly link?: { readonly href: string, readonly text: string } }} Outcome */

/** What WebCrypto calls the algorithms that this service signs by. @type {Record<string, any>} */
const ALGORITHMS = {
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RS512: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};

/** @type {Record<string, string>} */
const MEANINGS = {
  iss: "the issuer: this service",
  aud: "the identity pool",
  sub: "the identity id",
  amr: "how the identity was authenticated",
  iat: "when it was signed",
  exp: "until when it is good",
  jti: "of this token alone",
};

/** Claims that are epoch seconds. */
const TIMES = new Set(["iat", "exp", "nbf", "auth_time"]);

/** @param {string} tag @param {Record<string, string>} attributes @param {(string | Node)[]} children */
function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param {string} text */
function bytesOf(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

/** @param {string} token @returns {Decoded} */
function decode(token) {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const parse = (/** @type {string} */ text) => JSON.parse(new TextDecoder().decode(bytesOf(text)));
  return {
    header: parse(header),
    claims: parse(payload),
    signed: `${header}.${payload}`,
    signature: bytesOf(signature),
  };
}

/** @param {string} operation @param {object} input */
async function call(operation, input) {
  const response = await fetch("/", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer["__type"]}: ${answer.message}`);
  return answer;
}

/** @param {string} path */
async function read(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} answers ${response.status}`);
  return await response.json();
}

/** @param {boolean} holds @param {string} problem */
function demand(holds, problem) {
  if (!holds) throw new Error(problem);
}

/** Shows each step as it is done, and what came of it. */
class Steps {
  #list;

  /** @param {Element} place */
  constructor(place) {
    this.#list = element("ol", { class: "steps", "aria-live": "polite" });
    place.append(this.#list);
  }

  /** @template {Outcome} T @param {string} what @param {() => T | Promise<T>} work @param {string} word @returns {Promise<T>} */
  async take(what, work, word = "passed") {
    const item = element("li", { class: "running" }, element("b", {}, what));
    this.#list.append(item);
    const startedAt = performance.now();
    try {
      const outcome = await work();
      const tookMs = Math.round(performance.now() - startedAt);
      const { title, note, link } = outcome;
      item.className = "passed";
      // Blanks, for whoever hears it.
      item.append(" ", element("span", { class: "word" }, word), " ");
      if (tookMs > 0) item.append(element("span", { class: "took" }, `${tookMs} ms`), " ");
      item.append(element("code", {}, title));
      if (note !== undefined) item.append(element("p", { class: "muted" }, note));
      if (link !== undefined) item.append(element("p", {}, element("a", { href: link.href }, link.text)));
      return outcome;
    } catch (error) {
      item.className = "failed";
      const problem = error instanceof Error ? error.message : String(error);
      item.append(" ", element("span", { class: "word" }, "failed"), element("p", {}, problem));
      throw error;
    }
  }
}

/** What a relying party does with a token; throws at the first thing that is wrong. @param {Steps} steps @param {string} token @param {string} pool */
async function verify(steps, token, pool) {
  const { header, claims, signed, signature } = decode(token);
  const { issuer, keySet } = await steps.take("Discovery document", async () => {
    const document = await read("/.well-known/openid-configuration");
    // Of the issuer, which settings may place elsewhere; this service has its documents all the same.
    return { title: document.issuer, issuer: document.issuer, keySet: new URL(document.jwks_uri).pathname };
  });
  const { key } = await steps.take("Key of the signature", async () => {
    const { keys } = await read(keySet);
    const found = keys.find((/** @type {{ kid: string }} */ { kid }) => kid === header.kid);
    demand(found !== undefined, `no key of the key set is ${header.kid}`);
    return { title: `${found.kid} (${found.alg})`, key: found };
  });
  await steps.take("Signature", async () => {
    const algorithm = ALGORITHMS[key.alg];
    const imported = await crypto.subtle.importKey("jwk", key, algorithm, false, ["verify"]);
    const isGood = await crypto.subtle.verify(algorithm, imported, signature, new TextEncoder().encode(signed));
    demand(isGood, "The signature is not of this text: it is forged. A relying party refuses it here.");
    return { title: `good, by ${key.alg}`, note: "By the key's algorithm, and not the one that the token names." };
  });
  await steps.take("Issuer and time", () => {
    demand(claims.iss === issuer, `iss is ${claims.iss}, and ${issuer} was expected`);
    const seconds = claims.exp - Date.now() / 1000;
    demand(seconds > 0, "it has expired");
    return { title: claims.iss, note: `Good for ${Math.round(seconds / 60)} more minutes.` };
  });
  await steps.take("Audience", () => {
    demand(claims.aud === pool, `aud is ${claims.aud}, and ${pool} was expected`);
    return {
      title: claims.aud,
      note: "All pools of a service have one issuer and the same keys: this tells them apart.",
    };
  });
  await steps.take("How it was authenticated", () => {
    const isGuest = claims.amr.includes("unauthenticated");
    const note = isGuest ? "A guest. Its token is as validly signed as any other." : "Signed in, by these providers.";
    return { title: claims.amr.join(", "), note };
  });
}

/** Instants as RFC 3339 has them. @param {string} name @param {unknown} value */
function shown(name, value) {
  if (TIMES.has(name)) return `${Number(value)} (${new Date(Number(value) * 1000).toISOString().replace(".000", "")})`;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** @param {string} token */
function claimsTable(token) {
  const rows = Object.entries(decode(token).claims).map(([name, value]) => {
    const title = element(
      "th",
      { scope: "row" },
      element("code", {}, name),
      element("small", {}, MEANINGS[name] ?? ""),
    );
    return element("tr", {}, title, element("td", {}, element("code", {}, shown(name, value))));
  });
  const head = ["Claim", "Value"].map((title) => element("th", { scope: "col" }, title));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  return element("div", { class: "table" }, table);
}

/** Another identity in its claims, and the old signature. @param {string} token */
function forge(token) {
  const [header = "", , signature = ""] = token.split(".");
  const { claims } = decode(token);
  const last = claims["sub"].endsWith("0") ? "1" : "0";
  const bytes = new TextEncoder().encode(JSON.stringify({ ...claims, sub: claims["sub"].replace(/.$/, last) }));
  const payload = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  return `${header}.${payload}.${signature}`;
}

/** @param {Element} place @param {string} token */
function showToken(place, token) {
  const text = element("pre", { class: "token", tabindex: "0", "aria-label": "OpenID token" }, token);
  place.append(
    element("h3", {}, "What the token says"),
    claimsTable(token),
    element("details", {}, element("summary", {}, "The token itself"), text),
  );
  addCopyButton(text);
}

/** @param {HTMLElement} section */
function startFlow(section) {
  const button = element("button", { type: "button", class: "primary" }, section.dataset["button"] ?? "");
  const place = element("div", {});
  section.append(element("p", { class: "actions" }, button), place);
  onPress(button, async () => {
    const { pool = "", provider, login } = section.dataset;
    const logins = provider === undefined ? {} : { Logins: { [provider]: login } };
    place.replaceChildren();
    const steps = new Steps(place);
    const { id } = await steps.take(
      "GetId",
      async () => {
        const { IdentityId } = await call("GetId", { IdentityPoolId: pool, ...logins });
        const href = `/console/#identity/${IdentityId}`;
        return { title: IdentityId, id: IdentityId, link: { href, text: "Open it in the console" } };
      },
      "done",
    );
    const { token } = await steps.take(
      "GetOpenIdToken",
      async () => {
        const { Token } = await call("GetOpenIdToken", { IdentityId: id, ...logins });
        return { title: `${Token.slice(0, 24)}… (${Token.length} characters)`, token: Token };
      },
      "done",
    );
    await verify(steps, token, pool);
    showToken(place, token);
    offerForgery(place, token, pool);
  });
}

/** @param {Element} place @param {string} token @param {string} pool */
function offerForgery(place, token, pool) {
  const button = element("button", { type: "button" }, "Write another identity into it, and verify again");
  const result = element("div", {});
  place.append(element("p", { class: "actions" }, button), result);
  onPress(button, async () => {
    result.replaceChildren();
    await verify(new Steps(result), forge(token), pool);
  });
}

/** One press at a time. What goes wrong is shown by the step. @param {Element} button @param {() => Promise<void>} work */
function onPress(button, work) {
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    // Not `disabled`, by which a button loses the focus.
    button.setAttribute("aria-disabled", "true");
    work()
      .catch(() => {})
      .finally(() => button.removeAttribute("aria-disabled"));
  });
}

/** Of a text that may be long it comes first. @param {Element} text */
function addCopyButton(text) {
  const button = element("button", { type: "button", class: "copy" }, "Copy");
  const label =
    text.getAttribute("aria-label") ?? document.getElementById(text.getAttribute("aria-labelledby") ?? "")?.textContent;
  button.setAttribute("aria-label", `Copy: ${label ?? text.textContent}`);
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(text.textContent.trim()).then(
      () => (button.textContent = "Copied"),
      () => (button.textContent = "Not copied"),
    );
  });
  if (text.matches("pre")) text.before(button);
  else text.after(button);
}

for (const text of document.querySelectorAll("[data-copy]")) addCopyButton(text);
for (const section of document.querySelectorAll("[data-button]"))
  if (section instanceof HTMLElement) startFlow(section);

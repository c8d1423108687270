/**
 * Amazon Cognito identity pools as a process of its own: `POST /` as the live service answers it, its keys below `/.well-known`,
 * and below `/stand-in` what a test asks of it. Shares no code with src/: it is a party that nobody here wrote.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import type { Cognito } from "./cognito-parts.ts";
import { CognitoError } from "./cognito-error.ts";
import { run } from "./cognito-operations.ts";
import { CognitoStore } from "./cognito-store.ts";
import { LoginCheck } from "./login-check.ts";
import { OwnTokens } from "./own-tokens.ts";
import { hasOutput, isPublic, readInput } from "./service-model.ts";
import { checkSignature, type Credential } from "./signature-check.ts";
import { type Fault, TroubleMaker } from "./troubles.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    region: { type: "string", default: "us-east-1" },
    state: { type: "string" },
    issuers: { type: "string", default: "{}" },
    credentials: { type: "string", default: "[]" },
  },
});
const { region } = values;
const credentials: readonly Credential[] = JSON.parse(values.credentials);
const store = new CognitoStore(region, values.state);
const cognito: Cognito = {
  store,
  loginCheck: new LoginCheck(JSON.parse(values.issuers)),
  tokens: await OwnTokens.of(store),
};
const troubles = new TroubleMaker();
/** What was asked since the process began, and how it ended. Neither tokens nor answers. */
const calls: { operation: string; providers: readonly string[]; outcome: string }[] = [];

type Answer = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };

const AWS_JSON = "application/x-amz-json-1.1";
const EXPOSED = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";

function refusal({ type, message }: CognitoError, status = 400): Answer {
  // IAM's front end spells this one's member so.
  const member = type === "AccessDeniedException" ? "Message" : "message";
  return {
    status,
    headers: { "x-amzn-ErrorType": `${type}:`, ...(message !== "" && { "x-amzn-ErrorMessage": message }) },
    body: JSON.stringify({ __type: type, ...(message !== "" && { [member]: message }) }),
  };
}

function faultBefore(fault: Fault | undefined): Answer | undefined {
  if (fault?.kind === "unavailable") return { status: 503, headers: {}, body: "Service Unavailable" };
  if (fault?.kind === "broken") return refusal(new CognitoError("InternalErrorException", ""), 500);
  return fault?.kind === "throttled"
    ? refusal(new CognitoError("TooManyRequestsException", "Rate exceeded"))
    : undefined;
}

/** What the client gets in place of an answer; undefined: nothing at all. */
async function faultAfter(fault: Fault | undefined, answer: Answer): Promise<Answer | undefined> {
  switch (fault?.kind) {
    case "lost":
      return undefined;
    case "page":
      return { status: 200, headers: { "content-type": "text/html" }, body: "<html><body>Maintenance</body></html>" };
    case "half":
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
    case "strange":
      return { ...answer, status: 200, body: '{"Unexpected":[]}' };
    case "late":
      await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 0));
      return answer;
    case "never":
      await troubles.untilChanged();
      return undefined;
    default:
      return answer;
  }
}

async function perform(operation: string, request: IncomingMessage, body: string): Promise<Answer> {
  try {
    const input = readInput(operation, body);
    if (!isPublic(operation)) checkSignature(credentials, { operation, region, headers: request.headers, body });
    if (troubles.isOverQuota(operation)) throw new CognitoError("TooManyRequestsException", "Rate exceeded");
    const output = await run(cognito, operation, input);
    return { status: 200, headers: {}, body: hasOutput(operation) ? JSON.stringify(output) : "" };
  } catch (error) {
    if (error instanceof CognitoError) return refusal(error);
    throw error;
  }
}

function providersIn(body: string): readonly string[] {
  try {
    return Object.keys((JSON.parse(body) as { Logins?: object }).Logins ?? {}).toSorted();
  } catch {
    return [];
  }
}

async function answerOperation(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const [prefix, operation = ""] = String(request.headers["x-amz-target"]).split(".");
  const isOperation = prefix === "AWSCognitoIdentityService" && request.headers["content-type"]?.startsWith(AWS_JSON);
  const fault = troubles.faultOf(operation);
  const answer = isOperation
    ? (faultBefore(fault) ?? (await perform(operation, request, body)))
    : refusal(new CognitoError("UnknownOperationException", ""));
  const outcome = answer.headers["x-amzn-ErrorType"]?.slice(0, -1) ?? String(answer.status);
  calls.push({ operation, providers: providersIn(body), outcome });
  const given = await faultAfter(fault, answer);
  if (given === undefined) return void request.socket.destroy();
  const headers = {
    "content-type": AWS_JSON,
    "x-amzn-RequestId": crypto.randomUUID(),
    "access-control-allow-origin": "*",
    "access-control-expose-headers": EXPOSED,
    ...given.headers,
  };
  response.writeHead(given.status, headers).end(given.body);
}

/** For relying parties, and for the test itself. */
async function answerOthers(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const json = (document: unknown) =>
    void response.setHeader("content-type", "application/json").end(JSON.stringify(document));
  switch (`${request.method} ${request.url}`) {
    case "GET /.well-known/jwks_uri":
    case "GET /.well-known/jwks.json":
      return json({ keys: [cognito.tokens.publicJwk()] });
    case "GET /stand-in/calls":
      return json(calls);
    case "GET /stand-in/identities":
      return json(store.pools().flatMap(({ IdentityPoolId }) => store.identitiesOf(IdentityPoolId)));
    case "PUT /stand-in/troubles":
      troubles.set(JSON.parse(await text(request)));
      return json({});
    default:
      response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  const answered =
    request.method === "POST" && request.url === "/"
      ? answerOperation(request, response)
      : answerOthers(request, response);
  answered.catch((error: unknown) => {
    console.error(error);
    request.socket.destroy();
  });
});
// It ends with whoever started it.
process.stdin.resume().once("close", () => process.exit());
server.listen(Number(values.port), "127.0.0.1", () => {
  const bound = server.address();
  console.log(`http://127.0.0.1:${typeof bound === "object" ? bound?.port : bound}`);
});

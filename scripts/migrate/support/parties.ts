/**
 * Both sides of a migration, as clients of the AWS SDK: Amazon Cognito with whatever credentials the SDK finds, and Edgepool with
 * those of three variables. The SDK signs, repeats what was throttled or lost, and reads refusals, for Edgepool's own operations, too.
 */
import {
  type $Command,
  CognitoIdentityClient,
  type CognitoIdentityClientResolvedConfig,
  ListIdentityPoolsCommand,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-cognito-identity";
import { json } from "node:stream/consumers";
import { type ExtensionName, extensions } from "../../../src/protocol/extensions.ts";
import type { OutputValueOf } from "../../../src/protocol/shape-language.ts";
import { CallFailed, NoAnswer, type PartyName, Stop } from "./stop.ts";

export type Party = {
  readonly name: PartyName;
  /** Rejects with CallFailed. */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: $Command<Input, Output, CognitoIdentityClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
  ): Promise<Output>;
};

/** As JSON: both directions have the members that the shape names. */
export type OwnInput<Name extends ExtensionName> = OutputValueOf<(typeof extensions)[Name]["input"]>;
export type OwnOutput<Name extends ExtensionName> = OutputValueOf<(typeof extensions)[Name]["output"]>;

export type Edgepool = Party & {
  /** An operation beyond the service model. Rejects with CallFailed. */
  call<Name extends ExtensionName>(operation: Name, input: OwnInput<Name>): Promise<OwnOutput<Name>>;
};

type Variables = Readonly<Record<string, string | undefined>>;

/** Times that a call is sent before a side counts as throttling, or as down: the waits between add up to about half a minute. */
const DEFAULT_ATTEMPTS = 8;

function attemptsBy(variables: Variables): number {
  // The SDK's own variable, which a client with a number of its own would pass over.
  return Number(variables["AWS_MAX_ATTEMPTS"] ?? DEFAULT_ATTEMPTS) || DEFAULT_ATTEMPTS;
}

/** What leads the SDK elsewhere than to Amazon: a stand-in, or by mistake Edgepool itself. */
const AWS_ENDPOINTS = ["AWS_ENDPOINT_URL_COGNITO_IDENTITY", "AWS_ENDPOINT_URL"];

export function connectCognito(region: string, variables: Variables): Party {
  const own = originOf(variables["EDGEPOOL_ENDPOINT"]);
  const wrong = AWS_ENDPOINTS.find((name) => own !== undefined && originOf(variables[name]) === own);
  if (wrong !== undefined) throw new Stop(`${wrong} leads to Edgepool itself, and here it must not: unset it`);
  return partyOf(
    "Cognito",
    new CognitoIdentityClient({ region, maxAttempts: attemptsBy(variables), retryMode: "adaptive" }),
  );
}

function originOf(address: string | undefined): string | undefined {
  return URL.parse(address ?? "")?.origin;
}

export function connectEdgepool(region: string, variables: Variables): Edgepool {
  const missing = EDGEPOOL_VARIABLES.filter((name) => (variables[name] ?? "") === "");
  if (missing.length > 0) throw new Stop(`${missing.join(" and ")} must be set: ${WHERE_VARIABLES}`);
  const [endpoint = "", accessKeyId = "", secretAccessKey = ""] = EDGEPOOL_VARIABLES.map((name) => variables[name]);
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    throw new Stop(`EDGEPOOL_ENDPOINT must be the service's https address, and ${JSON.stringify(endpoint)} is not`);
  }
  if (URL.parse(endpoint)?.pathname !== "/") {
    throw new Stop(
      `EDGEPOOL_ENDPOINT must be the service's address without a path, and ${JSON.stringify(endpoint)} has one`,
    );
  }
  const client = new CognitoIdentityClient({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: attemptsBy(variables),
  });
  return {
    ...partyOf("Edgepool", client),
    async call(operation, input) {
      return await askOwn(client, operation, input);
    },
  };
}

export const EDGEPOOL_VARIABLES = ["EDGEPOOL_ENDPOINT", "EDGEPOOL_ACCESS_KEY_ID", "EDGEPOOL_SECRET_ACCESS_KEY"];
const WHERE_VARIABLES = "the service's address, and an entry of its secret ADMIN_CREDENTIALS";

function partyOf(name: PartyName, client: CognitoIdentityClient): Party {
  return {
    name,
    async send(command) {
      try {
        const output = await client.send(command);
        return sayingSomething(operationOf(command), output);
      } catch (error) {
        throw new CallFailed(name, operationOf(command), error);
      }
    },
  };
}

function operationOf(command: object): string {
  return command.constructor.name.replace(/Command$/, "");
}

/** Of what is read page by page: an answer without any of them is nobody's that knows the operation, and no empty list. */
const SAID: Readonly<Record<string, readonly string[]>> = {
  DescribeIdentityPool: ["IdentityPoolId"],
  ListIdentities: ["Identities", "IdentityPoolId"],
  LookupDeveloperIdentity: ["IdentityId", "DeveloperUserIdentifierList"],
};

function sayingSomething<Output>(operation: string, output: Output): Output {
  const members = SAID[operation] ?? [];
  if (members.length > 0 && !members.some((name) => Object(output)[name] !== undefined)) throw new NoAnswer(operation);
  return output;
}

/**
 * Carried by a command of the service model, whose shape is not sent: its target and body are exchanged before it is signed, and
 * its answer is read before the SDK looks for members of the model. Refusals are left to the SDK.
 */
async function askOwn<Name extends ExtensionName>(
  client: CognitoIdentityClient,
  operation: Name,
  input: OwnInput<Name>,
): Promise<OwnOutput<Name>> {
  let output: unknown;
  const carrier = new ListIdentityPoolsCommand({ MaxResults: 1 });
  carrier.middlewareStack.add(
    (next) => async (call) => {
      const request = call.request as { headers: Record<string, string>; body: string };
      request.headers["x-amz-target"] = `Edgepool.${operation}`;
      request.body = JSON.stringify(input);
      return await next(call);
    },
    { step: "serialize", priority: "low" },
  );
  carrier.middlewareStack.add(
    (next) => async (call) => {
      const result = await next(call);
      const response = result.response as { statusCode: number; body: AsyncIterable<Uint8Array> | Uint8Array };
      if (response.statusCode >= 300) return result;
      output = await json(response.body as NodeJS.ReadableStream);
      response.body = new Uint8Array();
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  try {
    await client.send(carrier);
  } catch (error) {
    throw new CallFailed("Edgepool", operation, error);
  }
  const { required } = extensions[operation].output;
  if (!required.every((name) => Object.hasOwn(Object(output), name))) {
    throw new CallFailed("Edgepool", operation, new NoAnswer(operation));
  }
  return output as OwnOutput<Name>;
}

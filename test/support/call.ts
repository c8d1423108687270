/** One call of a public operation over plain HTTP, for tests that are about something else than a client library. */

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

export async function call(endpoint: string, operation: string, input: object): Promise<Answer> {
  const response = await fetch(`${endpoint}/`, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityService.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

/** The test says what it expects; a wrong expectation fails in the test itself. */
export async function readJson<T>(response: Response): Promise<T> {
  return JSON.parse(await response.text());
}

/** A text member of a successful answer. */
export async function callForText(endpoint: string, operation: string, input: object, member: string): Promise<string> {
  const { status, body } = await call(endpoint, operation, input);
  const value = body[member];
  if (status !== 200 || typeof value !== "string") throw new Error(`${operation}: ${status} ${JSON.stringify(body)}`);
  return value;
}

export async function signInAt(endpoint: string, name: string): Promise<string> {
  const response = await fetch(`${endpoint}/development/issuer/sign-in`, {
    method: "POST",
    body: JSON.stringify({ name }),
  });
  return (await readJson<{ token: string }>(response)).token;
}

/** Shorthands over wire-call.ts, for tests that are about something else than the wire. */
import { call } from "./wire-call.ts";

/** The test says what it expects; a wrong expectation fails in the test itself. */
export async function readJson<T>(response: Response): Promise<T> {
  return JSON.parse(await response.text());
}

/** A text member of a successful answer; anything else is thrown. */
export async function callForText(endpoint: string, operation: string, input: object, member: string): Promise<string> {
  const { status, body } = await call(endpoint, operation, input);
  const value: unknown = status === 200 ? Reflect.get(JSON.parse(body), member) : undefined;
  if (typeof value !== "string") throw new Error(`${operation}: ${status} ${body}`);
  return value;
}

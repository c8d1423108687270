/** boto3 as a user's script has it (test/e2e/python/boto3_calls.py): one run makes several calls in order. */
import { type Missing, missingPythonModule, runPython } from "./debian-tools.ts";

export type Boto3Call = readonly [operation: string, input: Readonly<Record<string, unknown>>];

export type Boto3Outcome =
  | { readonly output: Readonly<Record<string, unknown>>; readonly retryAttempts: number }
  | { readonly error: string; readonly code: string; readonly message: string; readonly status: number };

export type Boto3Options = {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** botocore's `retries` of its Config; absent is its default, the legacy mode. */
  readonly retries?: Readonly<Record<string, unknown>>;
};

export async function missingBoto3(): Promise<Missing> {
  return await missingPythonModule("boto3", "python3-boto3");
}

/** Stands in an input for a member of the output of an earlier call of the same run. */
export function from(index: number, member: string): unknown {
  return { $from: [index, member] };
}

export async function runBoto3(
  endpoint: string,
  calls: readonly Boto3Call[],
  options: Boto3Options = {},
): Promise<readonly Boto3Outcome[]> {
  const order = { endpoint, calls: calls.map(([operation, input]) => ({ operation, input })), ...options };
  return (await runPython("boto3_calls.py", order)) as readonly Boto3Outcome[];
}

/** What is behind a page: the answer as JSON, and the command that gives it to anybody else. Without the secret. */
import { commandOf } from "../command.ts";
import { service } from "../service.ts";
import type { InputOf, OperationName } from "../wire.ts";
import { CopyButton } from "./text.tsx";

/** `what` is what the copy button copies. */
export function Listing({ title, what, text }: { title: string; what: string; text: string }) {
  return (
    <details class="behind">
      <summary>{title}</summary>
      <CopyButton text={text} what={what} />
      <pre tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </details>
  );
}

export function AsJson({ value }: { value: unknown }) {
  return <Listing title="As JSON" what="the JSON" text={JSON.stringify(value, null, 2)} />;
}

/** The key is taken from the environment, as by every tool of AWS. */
export function AsCommand<Name extends OperationName>({ operation, input }: { operation: Name; input: InputOf<Name> }) {
  const region = service.get()?.region ?? "";
  return <Listing title="As command" what="the command" text={commandOf(operation, input, location.origin, region)} />;
}

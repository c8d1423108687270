/** The states of what a page shows: awaited, nothing there, failed, there. */
import type { ComponentChildren } from "preact";
import type { Call } from "../use-call.ts";
import type { OperationName, OutputOf } from "../wire.ts";
import { Failure } from "./failure.tsx";

/** Seen only by whoever has waited for 150 ms: style.css. */
export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="unseen">Loading</span>
      <div class="bar" />
      <div class="bar" />
      <div class="bar" />
    </div>
  );
}

/** Why nothing is there, and what to do about it. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <div class="empty">{children}</div>;
}

/** The answer of a call as `children` show it. */
export function Load<Name extends OperationName>({
  of: asked,
  children,
}: {
  of: Call<Name>;
  children: (output: OutputOf<Name>) => ComponentChildren;
}) {
  if (asked.answer === null) return <Loading />;
  if (!asked.answer.ok) return <Failure failure={asked.answer.failure} retry={asked.reload} />;
  return <div aria-busy={asked.isLoading}>{children(asked.answer.output)}</div>;
}

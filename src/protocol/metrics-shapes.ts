/** The read of metrics (extensions.ts): data alone. */
import { identityPoolId } from "./member-shapes.ts";
import { structure } from "./shape-language.ts";
import type { Operation } from "./shapes.ts";

const text = { type: "string" } as const;
/** Epoch seconds. */
const instant = { type: "timestamp" } as const;
const number = { type: "double" } as const;

const metric = structure(["Kind", "Name", "Points"], {
  /** Of `durations` the values are milliseconds, of the others requests. */
  Kind: { type: "string", enum: ["tokens", "outcomes", "effects", "durations"] },
  /** An outcome, an effect, or a percentile. */
  Name: text,
  /** Oldest first; a step that is not here has none. `At` is its beginning. */
  Points: { type: "list", member: structure(["At", "Value"], { At: instant, Value: number }) },
});

const getMetrics = {
  access: "signed",
  errors: ["ExternalServiceException", "InternalErrorException", "ResourceNotFoundException"],
  input: structure(["Range"], {
    /** All pools where it is absent. */
    IdentityPoolId: identityPoolId,
    Range: { type: "string", enum: ["1h", "24h", "7d"] },
  }),
  output: structure(["From", "To", "StepSeconds", "Series", "Refusals"], {
    /** Beginning of the first and of the last step. */
    From: instant,
    To: instant,
    StepSeconds: { type: "integer" },
    Series: { type: "list", member: metric },
    /** The most frequent first, twenty at most. */
    Refusals: {
      type: "list",
      member: structure(["Exception", "Reason", "Count"], { Exception: text, Reason: text, Count: number }),
    },
  }),
} as const;

export const metricsReads = { GetMetrics: getMetrics } as const satisfies Readonly<Record<string, Operation>>;

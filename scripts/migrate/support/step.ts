/** What a step of `npm run migrate` is: its flags, its help, and what it does with both sides of the migration. */
import { err, ok, type Result } from "../../../src/domain/errors.ts";
import { type Flag, type Flags, parseFlags, SWITCH, TEXT } from "../../command-line.ts";
import type { Memory } from "./memory.ts";
import type { Edgepool, Party } from "./parties.ts";

export type Session = {
  readonly identityPoolId: string;
  /** The Region of the pool's id. */
  readonly region: string;
  /** Made when they are first wanted: not every step needs both sides. */
  readonly cognito: () => Party;
  readonly edgepool: () => Edgepool;
  readonly memory: () => Memory;
  /** A line for whoever watches, on stderr. */
  readonly say: (line: string) => void;
  /** What the step is for, on stdout: lines, or with --json one document. */
  readonly answer: (result: object, lines: readonly string[]) => void;
};

/** `incomplete`: it came to its end, and something was refused or found on the way. */
export type Ending = "done" | "incomplete";

/** Of a step as its words say it: the common flags, and the run that waits for its session. */
export type Order = {
  readonly identityPoolId: string;
  readonly isJson: boolean;
  readonly stateFolder: string | undefined;
  readonly run: (session: Session) => Promise<Ending>;
};

export type Step = {
  readonly name: string;
  /** One line of the list of steps. */
  readonly summary: string;
  readonly usage: string;
  /** A failure is one sentence for the terminal. */
  readonly parse: (words: readonly string[]) => Result<Order | "help", string>;
};

const COMMON_FLAGS = { pool: TEXT, json: SWITCH, state: TEXT } as const;

type Definition<Spec extends Readonly<Record<string, Flag>>> = {
  readonly name: string;
  readonly summary: string;
  /** How it is called, without the name, and without the flags of all steps. */
  readonly call: string;
  /** What `STEP --help` says below that. */
  readonly help: string;
  /** Whether a file or folder stands right after the name. */
  readonly takesFile?: boolean;
  readonly flags: Spec;
  readonly check?: (flags: Flags<Spec>) => string | null;
  readonly run: (session: Session, flags: Flags<Spec>, file: string) => Promise<Ending>;
};

/** An identity pool's id: a Region and a UUID. */
const POOL_ID = /^[a-z]{2}(-[a-z]+){1,2}-\d{1,2}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function defineStep<const Spec extends Readonly<Record<string, Flag>>>(definition: Definition<Spec>): Step {
  const { name, summary, call, help, takesFile = false, flags: own, check = () => null, run } = definition;
  const usage = `npm run migrate -- ${name} ${call}\n\n${help}\n\n${COMMON_HELP}`;
  return {
    name,
    summary,
    usage,
    parse(words) {
      const parsed = parseFlags({ ...own, ...COMMON_FLAGS }, takesFile ? words.slice(1) : words);
      const isHelp = words.includes("--help") || words.includes("-h");
      const file = takesFile ? (words[0] ?? "") : "";
      if (!isHelp && takesFile && (file === "" || file.startsWith("-"))) {
        return err(`${name} needs its file right after its name`);
      }
      if (!parsed.ok) return parsed;
      if (isHelp || parsed.value === "help") return ok("help");
      const flags = parsed.value;
      const { pool = "", json = false, state } = flags as Flags<typeof COMMON_FLAGS>;
      if (!POOL_ID.test(pool))
        return err("--pool must be the id of the identity pool, as in us-east-1:00000000-0000-...");
      const fault = check(flags);
      if (fault !== null) return err(fault);
      const order = { identityPoolId: pool, isJson: json, stateFolder: state };
      return ok({ ...order, run: async (session) => await run(session, flags, file) });
    },
  };
}

const COMMON_HELP = `  --pool ID      the identity pool; its id is the same on both sides
  --json         the result as JSON on stdout
  --state DIR    what is remembered between runs; default .edgepool-migrate`;

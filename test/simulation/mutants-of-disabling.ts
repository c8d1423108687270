/** Bugs to plant (mutants.ts): in what ends by an operator's word, and what it waits for; and in how long a token lives. */
import type { Mutant } from "./mutants-of-merges.ts";

const CALLS = "src/linking/removal-calls.ts";
const DISABLING = "src/linking/disabling.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_DISABLING: readonly Mutant[] = [
  mutant(
    "a disabled identity mints",
    "src/domain/mint-rules.ts",
    "  if (disabled !== null) return err(disabled);\n",
    "",
  ),
  mutant(
    "a disabled identity answers a link of what it holds",
    "src/linking/transaction.ts",
    '  if (refusal !== null) return { kind: "forbidden", refusal };\n',
    "",
  ),
  mutant(
    "a disabled identity is absorbed",
    "src/linking/absorption.ts",
    '  if (refusal !== null) return { kind: "unsuitable", refusal };\n',
    "",
  ),
  mutant(
    "a disabled identity lets a login go",
    CALLS,
    "    const disabled = refusalOfDisabled(record);\n    if (disabled !== null) return refused(disabled);\n    const now",
    "    const now",
  ),
  mutant(
    "a disabled identity lets a developer's user go",
    CALLS,
    "    const disabled = refusalOfDisabled(record);\n    if (disabled !== null) return refused(disabled);\n    const result",
    "    const result",
  ),
  mutant(
    "a link that is under way commits on an identity that was disabled meanwhile",
    DISABLING,
    "    if (obstacle !== null) return obstacle;\n",
    "    if (obstacle?.holder !== undefined) return obstacle;\n",
  ),
  mutant(
    "an identity is disabled while another absorbs it",
    DISABLING,
    "    if (obstacle !== null) return obstacle;\n",
    "    if (obstacle !== null && obstacle.holder === undefined) return obstacle;\n",
  ),
  mutant(
    "the word of an operator changes nothing but what is told",
    DISABLING,
    "...(isDisabled && { isDisabled }) }",
    "}",
  ),
  mutant(
    "an identity does not tell that it was disabled",
    DISABLING,
    '[{ kind: isDisabled ? "disabled" : "enabled", by }]',
    "[]",
  ),
  mutant(
    "the life of a pool's tokens is lost where a call goes on",
    "src/domain/grant-access.ts",
    "    ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),\n",
    "",
  ),
];

/** Findings as the wire has them. */
import type { Finding } from "../domain/finding.ts";

export function findingsAs(findings: readonly Finding[]) {
  return findings.map(({ level, code, about, message, action }) => ({
    Level: level,
    Code: code,
    About: about,
    Message: message,
    Action: action,
  }));
}

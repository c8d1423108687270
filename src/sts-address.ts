/** Where credentials come from, and what AWS's security token service demands of this one: docs/credentials.md. */
import { MAX_POLICY_LENGTH } from "./setting-kinds.ts";
import type { Settings } from "./settings.ts";

/** Regions as AWS names them; of any other there is no STS at AWS. */
const AWS_REGION = /^[a-z]{2}(-[a-z]{1,16}){1,2}-\d{1,2}$/;
/** Of all its partitions that are reached over the internet, by IPv4 and by both. */
const AWS_HOST = /\.(amazonaws\.com(\.cn)?|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn)$/;

/** The address of the setting; null where there is none. */
export function stsAddressIn(setting: string, region: string): string | null {
  if (setting === "none") return null;
  if (setting !== "aws") return setting;
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return AWS_REGION.test(region) ? `https://sts.${region}.${domain}` : null;
}

function isAtAws(address: string | null): boolean {
  return address !== null && AWS_HOST.test(new URL(address).hostname);
}

/**
 * What is wrong with settings that are good each for itself; each problem is a sentence that begins with a setting's name.
 * `asksAws`: whether AWS's STS, where it is the one of the settings, is ever asked.
 */
export function stsProblems(settings: Settings, asksAws: boolean): readonly string[] {
  const { stsUrl, region, tokenAlgorithm, issuer, guestSessionPolicy, guestSessionPolicyArns } = settings;
  const problems: string[] = [];
  if (isAtAws(stsAddressIn(stsUrl, region))) {
    const otherwise = "or STS_URL to none, where nobody needs credentials";
    if (asksAws && tokenAlgorithm === "EdDSA") {
      problems.push(
        `TOKEN_ALG must not be EdDSA with AWS's STS, which verifies no such token: set another, ${otherwise}`,
      );
    }
    if (asksAws && new URL(issuer).port !== "") {
      problems.push(`ISSUER must have no port with AWS's STS, which knows no such issuer: set another, ${otherwise}`);
    }
  } else if (guestSessionPolicyArns.length > 0) {
    // Ceph, for one, passes over them in silence, and the guest would have the whole role.
    problems.push("GUEST_SESSION_POLICY_ARNS must be [] unless STS_URL is AWS's: others pass over them in silence");
  }
  if (guestSessionPolicy.length + guestSessionPolicyArns.join("").length > MAX_POLICY_LENGTH) {
    problems.push(
      `GUEST_SESSION_POLICY and GUEST_SESSION_POLICY_ARNS must have at most ${MAX_POLICY_LENGTH} characters together`,
    );
  }
  return problems;
}

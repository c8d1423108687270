/** The configuration of local development: what production reads, judged by the development upstreams. */
import { type Config, parseConfig, type RawSettings } from "../config.ts";
import type { Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { type Setting, SETTINGS } from "../settings.ts";
import { developmentUpstreamsOf, STAND_INS } from "./upstreams.ts";

/** Every problem of the settings at once, each naming its setting. */
export function parseDevelopmentConfig(raw: RawSettings): Result<Config, readonly string[]> {
  const upstreams = developmentUpstreamsOf(raw);
  return upstreams.ok ? parseConfig(raw, upstreams.value) : upstreams;
}

/** For the objects, which the entry has guarded: it answers no request on an invalid configuration. */
export function upstreamsOf(raw: RawSettings): UpstreamPolicy {
  const upstreams = developmentUpstreamsOf(raw);
  if (!upstreams.ok) throw new Error(`invalid configuration: ${upstreams.error.join("; ")}`);
  return upstreams.value;
}

/** All that `--var` may set. */
export const DEVELOPMENT_SETTINGS: readonly Setting[] = [...Object.values(SETTINGS), STAND_INS];

/** The configuration of local development: what production reads, judged by the development upstreams. */
import { type Config, parseConfig, type RawSettings } from "../config.ts";
import type { Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { developmentUpstreamsOf } from "./upstreams.ts";

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

/** Names of all settings: those that the parser asks for, so that no second list can drift from it. */
export function settingNames(): readonly string[] {
  const names = new Set<string>();
  const recorder = new Proxy<Record<string, unknown>>(
    {},
    {
      get(_, name) {
        if (typeof name === "string") names.add(name);
        return undefined;
      },
    },
  );
  parseDevelopmentConfig(recorder);
  return [...names].toSorted();
}

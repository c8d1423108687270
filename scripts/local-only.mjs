/** Run by wrangler before it builds wrangler.dev.toml, whose settings everybody knows: for `wrangler dev`, and for no deployment. */
if (process.env.WRANGLER_COMMAND !== "dev") {
  console.error(
    "wrangler.dev.toml is for `wrangler dev` alone: what it serves has settings that everybody knows. Deploy by `npm run deploy`.",
  );
  process.exitCode = 1;
}

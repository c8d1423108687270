/** What scripts/start.ts and its child scripts/serve.ts tell each other. The end of the channel means: stop. */
export type ServeOrder = {
  readonly port: number;
  readonly endpoint: string;
  readonly stateFolder: string;
  /** Settings of the Worker by name; sent over the channel, since arguments and environments show up in process lists. */
  readonly settings: Readonly<Record<string, string>>;
};

export type ServeReport = { readonly kind: "ready" } | { readonly kind: "failed"; readonly sentence: string };

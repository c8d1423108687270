/** What scripts/start.ts and its child scripts/serve.ts tell each other. The end of the channel means: stop. */
export type ServeOrder = {
  /** 0 is any that is free; the report then says which. */
  readonly port: number;
  readonly stateFolder: string;
  // Sent over the channel, since arguments and environments show up in process lists.
  readonly keyEncryptionKey: string;
  /** As --var gave them. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** PEM, where it is to be served over https. */
  readonly https: { readonly key: string; readonly certificate: string } | null;
  /** Whether the log is shown as it is, and not a short line for each request. */
  readonly showsJson: boolean;
};

export type ServeReport =
  | { readonly kind: "ready"; readonly endpoint: string }
  | { readonly kind: "failed"; readonly sentence: string };

/** The table of pages: to add one is to add its file in `pages/`, and its row. */
import type { ComponentType } from "preact";
import type { OperationName } from "./wire.ts";

/** What stands for the colons in a page's path, in their order. */
export type PageProps = { readonly params: readonly string[] };

export type PageRow = {
  /** Of the address, as `pool/:id/identities`. */
  readonly path: string;
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>;
  /** The path of the page in the navigation that it belongs to; absent: none, or itself. */
  readonly below?: string;
  /** Whoever may not call it is not led there, and told so who comes all the same; absent where anybody may. */
  readonly needs?: OperationName;
  /** Of a page that the navigation leads to. */
  readonly entry?: {
    readonly title: string;
    /** The letter after `g`. */
    readonly key: string;
    /** An outline on 16 by 16, as `d` of a path. */
    readonly icon: string;
  };
};

export const PAGES: readonly PageRow[] = [
  { path: "identity/:id", below: "pools", load: async () => await import("./pages/identity.tsx") },
  {
    path: "pools",
    load: async () => await import("./pages/pools.tsx"),
    needs: "ListIdentityPools",
    entry: {
      title: "Identity pools",
      key: "p",
      icon: "M2 4.5 8 2l6 2.5L8 7zM2 8l6 2.5L14 8M2 11.5 8 14l6-2.5",
    },
  },
  {
    path: "new-pool",
    below: "pools",
    load: async () => await import("./pages/new-pool.tsx"),
    needs: "CreateIdentityPool",
  },
  { path: "pool/:id", below: "pools", load: async () => await import("./pages/pool.tsx") },
  {
    path: "pool/:id/edit",
    below: "pools",
    load: async () => await import("./pages/edit-pool.tsx"),
    needs: "UpdateIdentityPool",
  },
  { path: "pool/:id/identities", below: "pools", load: async () => await import("./pages/identities.tsx") },
  { path: "mint/:pool/:identity", below: "mint", load: async () => await import("./pages/mint.tsx") },
  {
    path: "mint",
    load: async () => await import("./pages/mint.tsx"),
    entry: { title: "Mint a token", key: "m", icon: "M8 2.5v11M2.5 8h11" },
  },
  {
    path: "inspect",
    load: async () => await import("./pages/inspect.tsx"),
    entry: { title: "Token inspector", key: "t", icon: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14" },
  },
  {
    path: "check",
    load: async () => await import("./pages/check.tsx"),
    needs: "Edgepool.CheckLogin",
    entry: {
      title: "Login check",
      key: "c",
      icon: "M2.5 4.5 4 6l2.5-3M2.5 11 4 12.5l2.5-3M9 4.5h4.5M9 11h4.5",
    },
  },
  {
    path: "metrics",
    load: async () => await import("./pages/metrics.tsx"),
    needs: "Edgepool.GetMetrics",
    entry: {
      title: "Metrics",
      key: "s",
      icon: "M2.5 13.5h11M4 13.5V9M8 13.5V3M12 13.5V6.5",
    },
  },
  {
    path: "keys",
    load: async () => await import("./pages/keys.tsx"),
    needs: "Edgepool.DescribeKeyRing",
    entry: {
      title: "Signing keys",
      key: "k",
      icon: "M7.5 8.5 14 2M11.5 4.5l2 2M2 11a3 3 0 1 0 6 0 3 3 0 0 0-6 0z",
    },
  },
  {
    path: "health",
    load: async () => await import("./pages/health.tsx"),
    needs: "Edgepool.DescribeService",
    entry: {
      title: "Health",
      key: "h",
      icon: "M1.5 8.5h3l2-5 3 9 2-4h3",
    },
  },
];

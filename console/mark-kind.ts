/** How something stands: the shape and the colour beside a word (parts/mark.tsx). */
export type MarkKind = "good" | "bad" | "warn" | "none";

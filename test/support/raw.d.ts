/** A file as text, as Vite imports it. */
declare module "*?raw" {
  const text: string;
  export default text;
}

/** Files by path, as Vite finds them. */
interface ImportMeta {
  glob<Content>(
    paths: readonly string[],
    options: { readonly query: "?raw"; readonly import: "default"; readonly eager: true },
  ): Readonly<Record<string, Content>>;
  glob(paths: readonly string[]): Readonly<Record<string, unknown>>;
}

/** What the bundle holds as texts, to be sent to browsers. */
declare module "*/pages.css" {
  const text: string;
  export default text;
}

declare module "*/pages.js" {
  const text: string;
  export default text;
}

import { ConfiguredObject } from "./configured-object.ts";
export class IdentityPoolObject extends ConfiguredObject {}

import { ConfiguredObject } from "./configured-object.ts";
export class IssuerObject extends ConfiguredObject {}

import { ConfiguredObject } from "./configured-object.ts";
export class PoolDirectoryObject extends ConfiguredObject {}

/**
 * A stand-in of Analytics Engine's binding, which keeps nothing where there is no account: its one method, with the limits that
 * Cloudflare documents for it.
 */
import type { Point } from "../../src/metrics/request-point.ts";

const sizeOf = (text: string) => new TextEncoder().encode(text).length;

export function makeDataset() {
  const points: Point[] = [];
  return {
    points,
    writeDataPoint(point?: Partial<Point>): void {
      const { indexes = [], blobs = [], doubles = [] } = point ?? {};
      const isWithin =
        indexes.length === 1 &&
        indexes.every((index) => sizeOf(index) <= 96) &&
        blobs.length <= 20 &&
        doubles.length <= 20 &&
        blobs.reduce((sum, blob) => sum + sizeOf(blob), 0) <= 16_384;
      if (!isWithin) throw new Error(`no such point can be written: ${JSON.stringify(point)}`);
      points.push(point as Point);
    },
  };
}

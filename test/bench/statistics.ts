/** The middle one of some numbers, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const all = numbers.toSorted((a, b) => a - b);
  const middle = all.slice((all.length - 1) >> 1, (all.length >> 1) + 1);
  return middle.reduce((sum, one) => sum + one, 0) / middle.length;
}

/** The number that a share of all, such as 0.99, does not exceed; NaN of none. */
export function percentile(numbers: readonly number[], share: number): number {
  const all = numbers.toSorted((a, b) => a - b);
  return all[Math.max(0, Math.ceil(all.length * share) - 1)] ?? Number.NaN;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How much `y` rises with each `x`, by least squares; 0 of fewer than two points. */
export function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(point => point.x), mean(point => point.y)];
  const spread = mean(point => (point.x - x) ** 2);
  return spread > 0 ? mean(point => (point.x - x) * (point.y - y)) / spread : 0;
}

/** The power of `x` by which `y` grows from one point to another: 1 is linear, 2 is quadratic. */
export const growthExponent = (from: Point, to: Point): number => Math.log(to.y / from.y) / Math.log(to.x / from.x);

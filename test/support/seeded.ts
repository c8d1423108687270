/** Numbers that look like chance and are the same in every run: Park and Miller's generator, uniform in (0, 1). */
export function seededRandom(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

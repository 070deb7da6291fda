/** Chance from a seed: the same seed makes the same machine, plan and kills, on every runtime. */
export interface Random {
  /** 0 up to, and without, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** As many different ones, in a new order. */
  some<T>(from: readonly T[], count: number): T[];
}

/** mulberry32: 32 bits of state are plenty for what is chosen here. */
export function random(...seeds: readonly number[]): Random {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0x243f6a88) | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(from.length)]!,
    some(from, count) {
      const rest = [...from];
      return Array.from({ length: Math.min(count, from.length) }, () => rest.splice(int(rest.length), 1)[0]!);
    },
  };
}

import type { Board } from '../board.ts';
import { i7_2620m } from './i7-2620m.ts';
import { rigBoard, rigShapes } from './rig.ts';

const BOARDS: Readonly<Record<string, () => Board>> = {
  'i7-2620m': () => i7_2620m,
  ...Object.fromEntries(rigShapes.map((shape) => [shape.name, () => rigBoard(shape)])),
};

export const boardNames: readonly string[] = Object.keys(BOARDS);

export function boardByName(name: string): Board | undefined {
  return Object.hasOwn(BOARDS, name) ? BOARDS[name]!() : undefined;
}

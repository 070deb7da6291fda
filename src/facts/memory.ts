import type { Look } from './look.ts';
import type { Snapshot } from './snapshot.ts';

export function memoryFacts(look: Look): Snapshot['memory'] {
  const path = '/proc/meminfo';
  const text = look.text('memory', path);
  if (text == null) {
    if (text === null) look.gap('memory', path, 'absent');
    return undefined;
  }
  const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d{1,15}) kB$`, 'm').exec(text)?.[1] ?? 0);
  return { totalKiB: kib('MemTotal'), availableKiB: kib('MemAvailable') };
}

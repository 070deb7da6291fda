import type { Look } from '../look.ts';
import { octalDecode } from './mounts.ts';

export interface FstabLine {
  /** `UUID=…`, `/dev/sda1`, `nas:/home`. */
  readonly spec: string;
  readonly point: string;
  readonly type: string;
}

/** fstab(5): what the host mounts at boot, on the first look into it (x-systemd.automount), or when told. */
export function fstabLines(look: Look): FstabLine[] {
  const text = look.text('storage.holds', '/etc/fstab') ?? '';
  return text.split('\n').flatMap((line) => {
    const [spec = '', point = '', type = ''] = line.trim().split(/\s+/).map(octalDecode);
    if (spec === '' || spec.startsWith('#') || point === '') return [];
    return [{ spec, point: point.replace(/(.)\/+$/, '$1'), type }];
  });
}

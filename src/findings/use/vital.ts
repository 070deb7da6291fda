/** Mount points without which the host does not live on. */
const POINTS = [
  '/',
  '/boot',
  '/boot/efi',
  '/boot/firmware',
  '/efi',
  '/usr',
  '/var',
  '/var/lib',
  '/etc',
  '/home',
  '/nix',
  '/nix/store',
  '/gnu/store',
  '/sysroot',
];

export function isVital(point: string): boolean {
  return POINTS.includes(point);
}

/** Where in the PCI tree something of /sys/class hangs, read from the target of its link. */

const ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/;
/** `pci0000:00`, and the `pci10000:e0` that a VMD controller opens below itself. */
const ROOT_BUS = /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/;

/** All functions on the way, from the root bus down. */
export function pciPathAddresses(target: string): string[] {
  return target.split('/').filter((part) => ADDRESS.test(part));
}

/**
 * The functions without which it is gone, lent or not: the one that it hangs on, and each controller that opens a
 * PCI domain of its own on the way (VMD). Bridges are left out, since they are never lent. Empty for what is virtual.
 */
export function pciPathOwners(target: string): string[] {
  const parts = target.split('/');
  const last = parts.findLast((part) => ADDRESS.test(part));
  const openers = parts.filter((part, at) => ADDRESS.test(part) && ROOT_BUS.test(parts[at + 1] ?? ''));
  return last === undefined ? [] : [...new Set([...openers, last])];
}

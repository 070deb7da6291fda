/** Nodes that lead to no piece of hardware, and that half of all processes have open. */
const PLAIN = /^\/dev\/(((null|zero|full|u?random|tty|ptmx|kmsg|fuse)$)|(pts|shm|mqueue|hugepages)\/)/;

/** Whether a file that a process has open is the node of some device. */
export function isDeviceNode(path: string): boolean {
  return path.startsWith('/dev/') && !PLAIN.test(path);
}

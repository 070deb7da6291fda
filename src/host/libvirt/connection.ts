import type { Host } from '../host.ts';
import { virshBatch } from './virsh.ts';

export interface Connection {
  /** Of the daemon: `9.0.0`. */
  readonly version: string | null;
  /** Whether libvirt sees IOMMU groups; null on a libvirt that does not say. */
  readonly iommuSupport: boolean | null;
}

export async function connectionFacts(host: Host, uri: string): Promise<Connection> {
  const [version = '', capabilities = ''] = await virshBatch(host, uri, [['version'], ['capabilities']]);
  const support = /<iommu support=['"](yes|no)['"]/.exec(capabilities)?.[1];
  return {
    version: /^Using library: libvirt (\S+)/m.exec(version)?.[1] ?? null,
    iommuSupport: support === undefined ? null : support === 'yes',
  };
}

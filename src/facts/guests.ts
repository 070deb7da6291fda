import { Failure } from '../failure.ts';
import { connectionFacts } from '../host/libvirt/connection.ts';
import { domainActive, domainDetails, domainList } from '../host/libvirt/domain.ts';
import { processNodes } from './holders.ts';
import type { Look } from './look.ts';
import type { Guest, Snapshot } from './snapshot.ts';

/** libvirt and its guests; one gap `libvirt` when it does not answer. */
export async function libvirtFacts(look: Look, uri: string): Promise<Snapshot['libvirt']> {
  try {
    const [connection, domains] = await Promise.all([
      connectionFacts(look.host, uri),
      domainList(look.host, uri),
    ]);
    const details = await domainDetails(look.host, uri, domains);
    const guests = domains.flatMap((domain) => {
      const detail = details.get(domain.uuid);
      return detail
        ? [{ ...domain, ...detail, ...processFacts(look, domain.uuid, domain.name, domain.state) }]
        : [];
    });
    return { uri, ...connection, guests: guests.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    look.gap('libvirt', uri, error.message.replace(/^libvirt does not answer: /, ''));
    return undefined;
  }
}

/** The guest's QEMU, by the pid file that libvirt keeps of it, and the vfio nodes that it holds open. */
function processFacts(
  look: Look,
  uuid: string,
  name: string,
  state: string,
): Pick<Guest, 'pid' | 'vfioNodes'> {
  if (!domainActive(state)) return { pid: null, vfioNodes: [] };
  const text = look.text('libvirt.guests.pid', `/run/libvirt/qemu/${name}.pid`, uuid);
  const pid = text == null ? null : Number(text);
  if (pid === null) {
    look.gap('libvirt.guests.vfioNodes', null, 'its process is not known', uuid);
    return { pid };
  }
  const nodes = processNodes(look, pid, '/dev/vfio/');
  if (typeof nodes !== 'string') return { pid, vfioNodes: nodes };
  look.gap('libvirt.guests.vfioNodes', `/proc/${pid}/fd`, nodes, uuid);
  return { pid };
}

import type { Host } from '../host.ts';
import { type ChangeStarted, virshBatch, virshChange, virshRead } from './virsh.ts';

/**
 * Guests, always addressed by UUID: virsh takes a number for the id of a running domain, and a guest may be called `5`.
 */
export interface Domain {
  readonly uuid: string;
  readonly name: string;
  /** As libvirt says it: `running`, `shut off`, `paused`, … */
  readonly state: string;
  readonly persistent: boolean;
  readonly autostart: boolean;
  readonly managedSave: boolean;
}

export interface DomainDetails {
  readonly inactiveXml: string;
  readonly liveXml: string | null;
  /** Null when libvirt does not say. */
  readonly snapshots: number | null;
}

/** Where a device goes: into the definition, or into the instance that runs. */
export type Scope = 'config' | 'live';

/** Pinning all memory of a large guest takes its time. */
const START_MS = 300_000;
/** One argument of a process holds 128 KiB; a guest's questions take less than 300 bytes. */
const BATCH = 200;
/** What is asked by it becomes a part of virsh's own command line. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function domainList(host: Host, uri: string): Promise<Domain[]> {
  const uuids = (await virshRead(host, uri, ['list', '--all', '--uuid']))
    .split('\n')
    .filter((line) => UUID.test(line));
  const answers = await batches(
    host,
    uri,
    uuids.map((uuid) => ['dominfo', uuid]),
  );
  // A guest that was undefined since the list answers nothing.
  return answers.map(domainOfInfo).filter(({ uuid }) => UUID.test(uuid));
}

/** Definitions without secrets. A guest that is gone meanwhile has no entry. */
export async function domainDetails(
  host: Host,
  uri: string,
  domains: readonly Domain[],
): Promise<Map<string, DomainDetails>> {
  const questions = domains.flatMap(({ uuid }) => [
    ['dumpxml', '--inactive', uuid],
    ['dumpxml', uuid],
    ['snapshot-list', '--name', uuid],
  ]);
  const answers = await batches(host, uri, questions);
  const details = new Map<string, DomainDetails>();
  domains.forEach(({ uuid, state }, index) => {
    const [inactive = '', live = '', snapshots = ''] = answers.slice(index * 3);
    if (inactive.trim() === '') return;
    details.set(uuid, {
      inactiveXml: documentOf(inactive),
      liveXml: domainActive(state) && live.trim() !== '' ? documentOf(live) : null,
      snapshots: snapshots.split('\n').filter((line) => line.trim() !== '').length,
    });
  });
  return details;
}

/**
 * Its hardware is held: running, paused, on its way in or out. One that is `crashed` still has its process
 * (`<on_crash>preserve</on_crash>`): where that is gone, libvirt says `shut off`.
 */
export function domainActive(state: string): boolean {
  return state !== 'shut off';
}

export async function domainXml(
  host: Host,
  uri: string,
  uuid: string,
  { inactive, secrets }: { readonly inactive: boolean; readonly secrets: boolean },
): Promise<string> {
  const flags = [...(inactive ? ['--inactive'] : []), ...(secrets ? ['--security-info'] : [])];
  return documentOf(await virshRead(host, uri, ['dumpxml', uuid, ...flags]));
}

export async function domainState(host: Host, uri: string, uuid: string): Promise<string> {
  return (await virshRead(host, uri, ['domstate', uuid])).trim();
}

/** The XML goes in by standard input: it may hold passwords, and arguments are for all to read. */
export function domainDefine(host: Host, uri: string, xml: string, started?: ChangeStarted): Promise<void> {
  return virshChange(host, uri, ['define', '/dev/stdin'], { input: xml, started });
}

export function domainAttachDevice(
  host: Host,
  uri: string,
  uuid: string,
  xml: string,
  scope: Scope,
  started?: ChangeStarted,
): Promise<void> {
  return virshChange(host, uri, ['attach-device', uuid, '/dev/stdin', `--${scope}`], { input: xml, started });
}

export function domainDetachDevice(
  host: Host,
  uri: string,
  uuid: string,
  xml: string,
  scope: Scope,
  started?: ChangeStarted,
): Promise<void> {
  return virshChange(host, uri, ['detach-device', uuid, '/dev/stdin', `--${scope}`], { input: xml, started });
}

export function domainStart(host: Host, uri: string, uuid: string, started?: ChangeStarted): Promise<void> {
  return virshChange(host, uri, ['start', uuid], { deadlineMs: START_MS, started });
}

/** Whether it starts with the host. */
export async function domainAutostart(host: Host, uri: string, uuid: string): Promise<boolean> {
  return domainOfInfo(await virshRead(host, uri, ['dominfo', uuid])).autostart;
}

export function domainAutostartSet(
  host: Host,
  uri: string,
  uuid: string,
  on: boolean,
  started?: ChangeStarted,
): Promise<void> {
  return virshChange(host, uri, ['autostart', ...(on ? [] : ['--disable']), uuid], { started });
}

/** Asks the guest to shut down; the answer comes before it has. Without a mode libvirt tries the agent, then ACPI. */
export function domainShutdown(
  host: Host,
  uri: string,
  uuid: string,
  started?: ChangeStarted,
  mode?: 'agent' | 'acpi',
): Promise<void> {
  return virshChange(host, uri, ['shutdown', uuid, ...(mode === undefined ? [] : ['--mode', mode])], {
    started,
  });
}

export function domainDestroy(host: Host, uri: string, uuid: string, started?: ChangeStarted): Promise<void> {
  return virshChange(host, uri, ['destroy', uuid], { started });
}

/** Our element in the definition's `<metadata>`, told apart by its namespace; null removes it. */
export function domainMetadataSet(
  host: Host,
  uri: string,
  uuid: string,
  key: string,
  namespaceUri: string,
  xml: string | null,
  started?: ChangeStarted,
): Promise<void> {
  const change = xml === null ? ['--remove'] : ['--key', key, '--set', xml];
  return virshChange(host, uri, ['metadata', uuid, '--config', '--uri', namespaceUri, ...change], {
    started,
  });
}

async function batches(host: Host, uri: string, commands: readonly (readonly string[])[]): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < commands.length; from += BATCH) {
    answers.push(...(await virshBatch(host, uri, commands.slice(from, from + BATCH))));
  }
  return answers;
}

function domainOfInfo(text: string): Domain {
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    uuid: field('UUID'),
    name: field('Name'),
    state: field('State'),
    persistent: field('Persistent') === 'yes',
    autostart: field('Autostart') === 'enable',
    managedSave: field('Managed save') === 'yes',
  };
}

/** virsh ends a document with an empty line of its own, and without -q with two. */
function documentOf(text: string): string {
  return `${text.trim()}\n`;
}

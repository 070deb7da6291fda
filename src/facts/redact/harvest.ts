import { identitiesOf } from '../../edit/xml/identities.ts';
import { xmlParse } from '../../edit/xml/parse.ts';
import { Failure } from '../../failure.ts';
import type { Capture } from '../../host/capture.ts';
import type { Kind } from './tokens.ts';

/** A value that tells whose machine it is; it is looked for everywhere. */
export interface Identity {
  readonly kind: Kind;
  readonly value: string;
}

/** Files of sysfs whose whole content is one, by name. */
const FILES: readonly (readonly [RegExp, Kind])[] = [
  [/\/(serial|serial_number|product_serial|board_serial|chassis_serial|\w+_asset_tag)$/, 'serial'],
  [/\/(wwid|wwn|eui|nguid|unique_id|sas_address|node_guid|sys_image_guid|port_name|node_name)$/, 'wwn'],
  [/\/(product_uuid|uuid|boot_id|machine-id)$/, 'uuid'],
  [/^\/etc\/hostname$|\/proc\/sys\/kernel\/(hostname|domainname)$/, 'host'],
];

const WORD = '([^\\s\'"<>,;()/\\\\:]+)';
const QUOTED = '(?:"([^"\\n]+)"|\'([^\'\\n]+)\'|([^\\s\'"<>,;]+))';

/** In any text, by what stands before it: udev's database, kernel log, command lines, mount options. */
const TEXTS: readonly (readonly [RegExp, Kind])[] = [
  [/\bID_(?:SERIAL(?:_SHORT)?|USB_SERIAL(?:_SHORT)?|SCSI_SERIAL|ATA_SERIAL)=(\S+)/g, 'serial'],
  [/\bSerialNumber: ([^\n]+)/g, 'serial'],
  [/\bS\/?N[:=] ?(\S+)/g, 'serial'],
  [/\bID_(?:NVME_|SCSI_)?(?:WWN\w*|NGUID|EUI64)=(?:0x|naa\.|eui\.)?([0-9a-fA-F]{12,32})/g, 'wwn'],
  [/\b(?:naa|eui|nguid)\.([0-9a-fA-F]{12,32})/g, 'wwn'],
  [/\bwwn-0x([0-9a-fA-F]{12,32})/g, 'wwn'],
  [/\bscsi-[23]([0-9a-fA-F]{16,32})\b/g, 'wwn'],
  [/\bID_(?:FS|PART_ENTRY|PART_TABLE)_UUID(?:_SUB|_ENC)?=(\S+)/g, 'uuid'],
  [/\b(?:PART)?UUID=["']?([\w:-]+)/g, 'uuid'],
  [/\bby-(?:part)?uuid\/([\w:-]+)/g, 'uuid'],
  [/\bmd-uuid-([0-9a-f:]+)/g, 'uuid'],
  [/\b(?:LVM-|lvm-pv-uuid-)([A-Za-z0-9-]{32,})/g, 'uuid'],
  [/\bID_(?:FS_LABEL(?:_ENC)?|PART_ENTRY_NAME)=(\S+)/g, 'label'],
  [new RegExp(`\\b(?:PART)?LABEL=${QUOTED}`, 'g'), 'label'],
  [/\bby-(?:part)?label\/([^\s'"<>,]+)/g, 'label'],
  [new RegExp(`\\b(?:E?SSID|ssid)(?:[=:]| is | )\\s*${QUOTED}`, 'g'), 'network'],
  [new RegExp(`[Hh]ostname (?:set )?to <?${WORD}>?`, 'g'), 'host'],
  [new RegExp(`^\\[ *[\\d.]+\\] ${WORD} kernel: `, 'gm'), 'host'],
  [/\b(?:SUDO_USER|USER|LOGNAME|username)=([^\s'"<>,;\0]+)/g, 'user'],
  [new RegExp(`/(?:home|var/home|run/media|media)/${WORD}`, 'g'), 'user'],
];

/** Names in these directories are identities by themselves. */
const BY_ID = /\bby-id\/(?:ata|nvme|scsi|usb|mmc|virtio|ieee1394)-([^\s'"<>,/]+)/g;
/** `nas.example:/export` and `//nas/share` of mounts over the network, in mountinfo and in fstab. */
const SERVERS = /(?:^|\s)(?:(?:nfs4?|ceph)\s+)?(?:\/\/([^\s/]+)\/|([A-Za-z][\w.-]*):\/)/gm;

/** All that can be told apart from the words of kernel and tools, longest first. */
export function identitiesHarvest(capture: Capture, documents: readonly string[]): Identity[] {
  const found = new Map<string, Identity>();
  const add = (kind: Kind, text: string | undefined) => {
    const value = (text ?? '').trim();
    if (value !== '' && !found.has(value)) found.set(value, { kind, value });
  };
  for (const name of [capture.made.origin.name, capture.made.origin.name.split('.')[0]]) add('host', name);
  add('uuid', capture.made.bootId ?? undefined);
  for (const [path, entry] of Object.entries(capture.tree)) {
    if (!('f' in entry)) continue;
    const of = FILES.find(([name]) => name.test(path));
    if (of) add(of[1], of[1] === 'wwn' ? entry.f.replace(/^(0x|naa\.|eui\.)/, '') : entry.f);
    if (/\/(mountinfo|fstab)$/.test(path)) {
      for (const [, share, server] of entry.f.matchAll(SERVERS)) add('host', share ?? server);
    }
  }
  for (const text of textsOf(capture)) {
    for (const [pattern, kind] of TEXTS) {
      for (const match of text.matchAll(pattern))
        add(
          kind,
          match.slice(1).find((group) => group !== undefined),
        );
    }
    for (const [, name] of text.matchAll(BY_ID)) add('serial', serialOf(name!));
  }
  for (const xml of documents)
    for (const { kind, value } of xmlIdentities(xml)) if (kind !== 'text') add(kind, value);
  const words = vocabulary(capture);
  return [...found.values()]
    .filter(({ kind, value }) => isTelling(kind, value, words))
    .sort((a, b) => b.value.length - a.value.length);
}

function xmlIdentities(xml: string) {
  try {
    return identitiesOf(xmlParse(xml));
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

/** The last part of a name in by-id, before what tells partition, namespace and unit. */
function serialOf(name: string): string {
  const parts = name
    .replace(/-part\d+$/, '')
    .replace(/-\d+:\d+$/, '')
    .split('_');
  return parts.findLast((part) => part.length > 2) ?? '';
}

function* textsOf({ tree, runs }: Capture): Generator<string> {
  for (const [path, entry] of Object.entries(tree)) {
    yield path;
    if ('f' in entry) yield entry.f;
    if ('l' in entry) yield entry.l;
    // As if they were written out with their directory, which says what they are.
    if ('d' in entry) for (const name of entry.d) yield `${path}/${name}`;
  }
  for (const { argv, stdout, stderr } of runs) yield* [argv.join(' '), stdout, stderr];
}

/** Words that mean something to the kernel of this host: no person's name is looked for among them. */
function vocabulary({ tree }: Capture): Set<string> {
  const words = new Set(COMMON);
  for (const [path, entry] of Object.entries(tree)) {
    if (!path.startsWith('/sys/')) continue;
    const names = 'd' in entry ? entry.d : 'l' in entry ? [entry.l] : [];
    for (const text of [path, ...names])
      for (const word of text.toLowerCase().match(/[a-z0-9]+/g) ?? []) words.add(word);
  }
  return words;
}

/** Names that nobody is told by, and words of messages by which a rule knows something. */
const COMMON =
  'localhost linux kernel fedora debian ubuntu arch suse opensuse nixos gentoo alpine proxmox pve unraid host server guest root none unknown default string system boot efi home swap data disk iommu vfio qemu kvm libvirt error driver device version command line'.split(
    ' ',
  );

const ADDRESS = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
/** What is known for what it is wherever it stands: UUIDs, MAC and IP addresses. */
const SHAPED =
  /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{2}(:[0-9a-f]{2}){5,}|[\d.]+|[0-9a-f]*:[0-9a-f:]*:[0-9a-f]*)$/i;
/** Types of partitions, and vendors of firmware variables: the same on every machine, and looked up by their value. */
const GUID_KNOWN =
  /^(c12a7328-f81f-11d2-ba4b-00a0c93ec93b|8be4df61-93ca-11d2-aa0d-00e098032b8c|4a67b082-0a4c-41cf-b6c7-440b29bb8c4f)$/i;

export function guidKnown(value: string): boolean {
  return GUID_KNOWN.test(value);
}

function isTelling(kind: Kind, value: string, words: ReadonlySet<string>): boolean {
  const least = kind === 'uuid' || kind === 'wwn' ? 8 : 3;
  if (
    value.length < least ||
    value.length > 128 ||
    ADDRESS.test(value) ||
    guidKnown(value) ||
    SHAPED.test(value)
  )
    return false;
  if (/^\d{1,5}$/.test(value) || /^[\W_]+$/.test(value)) return false;
  // A word that the kernel uses too cannot be told from it.
  const word = WORDS.includes(kind) || value.length < 6;
  return !(word && words.has(value.toLowerCase()));
}

const WORDS: readonly Kind[] = ['host', 'user', 'label', 'network'];

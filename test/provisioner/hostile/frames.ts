// Raw Ethernet frames as an attacker would craft them, and a view of what arrives on an interface. Used by the tests of the network.
// The perl programs are what a pod with a raw socket could do; they run as root in a network namespace, for a pod can't open one.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { run } from '../../../provisioner/run.ts'

/** In every frame we send, so that it is known wherever it turns up. */
export const TOKEN = Buffer.from('hostile-frame')
export const BROADCAST = 'ff:ff:ff:ff:ff:ff'

const mac = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex')
const v4 = (text: string) => Buffer.from(text.split('.').map(Number))
const u16 = (value: number) => Buffer.from([value >> 8, value & 255])

/** The sixteen bytes of an IPv6 address. */
export function v6(text: string): Buffer {
  const [left = '', right = ''] = text.split('::')
  const groups = (part: string) => part.split(':').filter(Boolean).map(group => u16(Number.parseInt(group, 16)))
  const [head, tail] = [Buffer.concat(groups(left)), Buffer.concat(groups(right))]
  return Buffer.concat([head, Buffer.alloc(16 - head.length - tail.length), tail])
}

/** RFC 1071. */
function checksum(data: Buffer): Buffer {
  let sum = 0
  for (let at = 0; at < data.length; at += 2) sum += (data[at]! << 8) | (data[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return u16(~sum & 0xffff)
}

export const ethernet = (to: string, from: string, type: number, payload: Buffer) => Buffer.concat([mac(to), mac(from), u16(type), payload])

/** The same frame with a VLAN tag (IEEE 802.1Q; `type` 0x88a8 for 802.1ad). */
export const tagged = (frame: Buffer, type = 0x8100, vlan = 1) => Buffer.concat([frame.subarray(0, 12), u16(type), u16(vlan), frame.subarray(12)])

type Party = { mac: string; ip: string }

/** RFC 826; `operation` 1 asks, 2 answers. */
export const arp = (operation: 1 | 2, from: Party, to: Party) =>
  Buffer.concat([u16(1), u16(0x0800), Buffer.from([6, 4]), u16(operation), mac(from.mac), v4(from.ip), mac(to.mac), v4(to.ip), TOKEN])

/** A UDP datagram over IPv4, with TOKEN in it. */
export function udp4(from: string, to: string, port = 9, source = 4321): Buffer {
  const udp = Buffer.concat([u16(source), u16(port), u16(8 + TOKEN.length), u16(0), TOKEN])
  return ipv4(17, from, to, udp)
}

/** A SYN; its source port tells it from others. */
export function syn4(from: string, to: string, source: number, port = 9): Buffer {
  const head = Buffer.concat([u16(source), u16(port), Buffer.alloc(8), Buffer.from([0x50, 0x02]), u16(1024), u16(0), u16(0)])
  const sum = checksum(Buffer.concat([v4(from), v4(to), Buffer.from([0, 6]), u16(head.length), head]))
  sum.copy(head, 16)
  return ipv4(6, from, to, head)
}

/** A ping; its sequence number tells it from others of one conversation. */
export function echo4(from: string, to: string, sequence: number): Buffer {
  const message = Buffer.concat([Buffer.from([8, 0]), u16(0), u16(77), u16(sequence), TOKEN])
  checksum(message).copy(message, 2)
  return ipv4(1, from, to, message)
}

function ipv4(protocol: number, from: string, to: string, payload: Buffer): Buffer {
  const head = Buffer.concat([Buffer.from([0x45, 0]), u16(20 + payload.length), u16(1), u16(0), Buffer.from([64, protocol]), u16(0), v4(from), v4(to)])
  checksum(head).copy(head, 10)
  return Buffer.concat([head, payload])
}

/** A UDP datagram over IPv6. */
export function udp6(from: string, to: string, port = 9): Buffer {
  const udp = Buffer.concat([u16(4321), u16(port), u16(8 + TOKEN.length), u16(0), TOKEN])
  checksum(pseudo(from, to, 17, udp)).copy(udp, 6)
  return ipv6(17, from, to, udp, 64)
}

/** ICMPv6; `extension` puts a destination options header before it, behind which a careless filter doesn't look. */
export function icmp6(from: string, to: string, type: number, body: Buffer, extension = false): Buffer {
  const message = Buffer.concat([Buffer.from([type, 0]), u16(0), body])
  checksum(pseudo(from, to, 58, message)).copy(message, 2)
  const options = Buffer.from([58, 0, 1, 4, 0, 0, 0, 0])
  return extension ? ipv6(60, from, to, Buffer.concat([options, message]), 255) : ipv6(58, from, to, message, 255)
}

const pseudo = (from: string, to: string, next: number, payload: Buffer) => Buffer.concat([v6(from), v6(to), u16(0), u16(payload.length), Buffer.from([0, 0, 0, next]), payload])

const ipv6 = (next: number, from: string, to: string, payload: Buffer, hops: number) =>
  Buffer.concat([Buffer.from([0x60, 0, 0, 0]), u16(payload.length), Buffer.from([next, hops]), v6(from), v6(to), payload])

/** RFC 4861: who has `target` (135), `target` is at `at` (136, solicited and override), I am your router (134). */
export const solicitation = (from: string, to: string, target: string, at: string) => icmp6(from, to, 135, Buffer.concat([Buffer.alloc(4), v6(target), Buffer.from([1, 1]), mac(at), TOKEN]))
export const advertisement = (from: string, to: string, target: string, at: string) => icmp6(from, to, 136, Buffer.concat([Buffer.from([0x60, 0, 0, 0]), v6(target), Buffer.from([2, 1]), mac(at), TOKEN]))
export const router = (from: string, at: string, extension = false) =>
  icmp6(from, 'ff02::1', 134, Buffer.concat([Buffer.from([64, 0, 0x07, 0x08]), Buffer.alloc(8), Buffer.from([1, 1]), mac(at), TOKEN]), extension)

const SEND = `use Socket; socket(my $s, 17, SOCK_RAW, 0) or die $!; my $i = $ARGV[0];
  while (my $f = <STDIN>) { chomp $f; send($s, pack('H*', $f), 0, pack('S n i S C C a8', 17, 3, $i, 0, 0, 6, '')) or 1 }`
const WATCH = `$| = 1; use Socket; socket(my $s, 17, SOCK_RAW, 768) or die $!; bind($s, pack('S n i S C C a8', 17, 3, $ARGV[0], 0, 0, 0, '')) or die $!;
  print "ready\\n"; while (1) { defined recv($s, my $f, 65535, 0) or next; print unpack('H*', $f), "\\n" }`

/** Sends frames from an interface of a network namespace. */
export async function send(netns: string, device: string, frames: Buffer[]): Promise<void> {
  const input = frames.map(frame => `${frame.toString('hex')}\n`).join('')
  await run(['ip', 'netns', 'exec', netns, 'perl', '-e', SEND, String(await indexOf(device, netns))], { input })
}

async function indexOf(device: string, netns?: string): Promise<number> {
  const [link] = JSON.parse(await run(['ip', ...(netns ? ['-n', netns] : []), '-json', 'link', 'show', 'dev', device])) as { ifindex: number }[]
  return link!.ifindex
}

export type Watch = { seen: Buffer[]; until(found: (frame: Buffer) => boolean): Promise<void> }

/** Every frame that comes in or goes out on an interface from now on. */
export async function watch(t: TestContext, device: string, netns?: string): Promise<Watch> {
  const program = ['perl', '-e', WATCH, String(await indexOf(device, netns))]
  const [file = '', ...args] = netns ? ['ip', 'netns', 'exec', netns, ...program] : program
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  const seen: Buffer[] = []
  let each = () => {}
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>(resolve => lines.once('line', () => resolve()))
  lines.on('line', line => { seen.push(Buffer.from(line, 'hex')); each() })
  return { seen, until: found => new Promise(resolve => { each = () => { if (seen.some(found)) resolve() }; each() }) }
}

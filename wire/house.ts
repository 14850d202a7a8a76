// What every process of the house is told when it starts: the options of `auberge up`, resolved, and its inherited sockets.
// The supervisor writes it as the first line of the child's standard input, which stays open: its end means that the supervisor is gone.

/** One address a socket listens on. `port` 0 asks the kernel for one. */
export type Listen = { address: string; port: number }

/** `h2c`: HTTP/2 without TLS and with prior knowledge; else HTTP/1.1. */
export type StaticRoute = { host: string; upstream: { address: string; port: number; protocol?: 'h2c' } }

/** A name server that copies the zone. With `name` it is among the zone's NS records. `keyFile`: whose TSIG key it must show, null: none. */
export type Secondary = { name: string | null; address: string; port: number; keyFile: string | null }

/** A TSIG key (RFC 8945), HMAC-SHA256. `name` in lower case without a final dot, `secret` in base64. */
export type TsigKey = { name: string; secret: string }

/**
 * An ACME server (RFC 8555) whose certificates are served. `binding`: the key it has given out of band, in a file. `chain`: the common name of the root that is preferred;
 * `profile`: which of the server's kinds of certificates is ordered; null: the server's own choice.
 */
export type AcmeServer = { url: string; email: string | null; caFile: string | null; binding: { kid: string; keyFile: string } | null; chain: string | null; profile: string | null }

/** What its files hold. `ca`: PEM; `bindingKey`: base64url. */
export type AcmeFiles = { ca: string | null; bindingKey: string | null }

/** The options of `auberge up`, checked and with every default filled in. */
export type House = {
  zone: string
  /** Absolute data directory; sockets are in `data/run`. */
  data: string
  http: Listen[]
  https: Listen[]
  dns: Listen[]
  /** Where connections to sites' own ports come in: a port for each that one site may have open; only from this host's own firewall. None without a prefix. */
  sides: Listen[]
  publicIpv4: string | null
  publicIpv6: string | null
  ipv6Prefix: string | null
  runtime: 'crun' | 'runc' | 'rkt' | 'none'
  routes: StaticRoute[]
  workers: number
  signup: 'open' | 'invite' | 'closed'
  /** Milliseconds without a request before a running site is put to sleep. */
  idle: number
  /** Bytes all pods together may hold awake. */
  memoryBudget: number
  trustedProxies: string[]
  proxyProtocol: boolean
  /** Whether the HTTP doors speak HTTP/2 by prior knowledge as well. */
  h2c: boolean
  /** Where certificates come from: the house's own authority; nowhere, and HTTPS has none to show; an ACME server, with the house's own where that one fails. */
  acme: 'internal' | 'off' | AcmeServer
  secondaries: Secondary[]
  /** Whether the zone is signed. */
  dnssec: boolean
  /** Resolvers (`address`, `address:port`, `[address]:port`) that are asked where custom domains lead; none: the machine's own. */
  resolvers: string[]
  redirectHttps: 'auto' | 'on' | 'off'
  demo: boolean
  json: boolean
}

/** The first line a child reads: the house and the numbers of the sockets it inherits (TCP for http, https; UDP and TCP for dns). */
export type Briefing = {
  house: House
  /** Which of several equal processes this is, from 0. */
  index: number
  fds: { http: number[]; https: number[]; dnsUdp: number[]; dnsTcp: number[]; sides?: number[] }
  /** The name server's alone: the key in each file that a secondary names. */
  keys?: Record<string, TsigKey>
  /** Control's alone: the secret of the link by which the first administrator is made. The same until the house stops, however often control is started. */
  firstAdmin?: string
  /** Control's alone. */
  acme?: AcmeFiles | null
}

/** What a child says on its standard output, one JSON line each; `ready` exactly once, when it serves. */
export type Report = { type: 'ready'; /** Control's: the house has no administrator yet. */ needsAdmin?: true }

/** Where each socket and file of the house is, below the data directory. */
export function places(data: string) {
  return {
    run: `${data}/run`,
    /** Relays and control: the routes channel and the panel. */
    routesSocket: `${data}/run/relay/routes.sock`,
    panelSocket: `${data}/run/relay/panel.sock`,
    /** What leads to sites' own tools, on hosts of their own. */
    toolsSocket: `${data}/run/relay/tools.sock`,
    /** DNS and control: zone changes. */
    zoneSocket: `${data}/run/zone/zone.sock`,
    /** Control and the provisioner. */
    provisionerSocket: `${data}/run/pods/provisioner.sock`,
    /** The command line and control. */
    adminSocket: `${data}/run/admin/admin.sock`,
    registry: `${data}/registry/auberge.db`,
    uploads: `${data}/registry/uploads`,
    /** Who woke which site, a file each: control's alone. */
    wakes: `${data}/registry/wakes`,
    /** How each site was used over the last week, a file each: control's alone. */
    history: `${data}/registry/history`,
    /** Snapshots that control writes for processes that must start without it. */
    zoneSnapshot: `${data}/zone/zone.json`,
    /** The zone's signing keys, control's and DNS's. */
    keyring: `${data}/dnssec/keyring.json`,
    /** Which keys a house was restored without, as long as nobody has said that the parent zone knows. */
    lostKeys: `${data}/dnssec/lost.json`,
    routesSnapshot: `${data}/routes/routes.json`,
    /** `{certificates, ticketKey}` (gateway/messages.ts), private keys among them: the relays' group reads it, nobody else. */
    certificatesSnapshot: `${data}/routes/certificates.json`,
    /** The house's own certificate authority and the leaves it signed: control's alone. */
    certificates: `${data}/certificates`,
    /** Access logs: relays write them, control reads and removes them. */
    access: `${data}/access`,
    pods: `${data}/pods`,
    images: `${data}/images`,
    /** Where rkt keeps images and pods, of a house that runs them by it. */
    rkt: `${data}/rkt`,
    /** Final backups of deleted sites. */
    backups: `${data}/backups`,
    /** There while a whole house is being restored. */
    restoring: `${data}/restoring`,
  }
}

// Every limit and timeout of the relay, with why. Read by all of gateway/relay; tests lower them. Milliseconds and bytes.

export const SETTINGS = {
  /** From a connection's first byte of a request (or its accept) to the end of its head: a slow sender holds nothing longer. Then 408. */
  headTimeout: 10_000,
  /** From a connection's accept to the end of its TLS handshake, ClientHello included. Then it is closed without a word. */
  handshakeTimeout: 10_000,
  /** How long a visitor's kept-alive connection may say nothing between requests. Browsers reopen at no cost. */
  keepAlive: 65_000,
  /**
   * How long each piece of a request's body may take while we are ready to read it. Then 408. Together 500 bytes a second, as Apache asks by
   * default (mod_reqtimeout): a visitor who sends a byte now and then must not keep one of its site's few connections.
   */
  bodyProgress: 30_000,
  bodyPiece: 15_000,
  /** How long a visitor may take to read each piece of a response that waits to be sent. Then the connection is closed and the upstream freed. */
  readProgress: 60_000,
  readPiece: 16_384,
  /** From the last byte of a request to the head of its response. PHP scripts may take long; a hung one ends here with 504. */
  responseTimeout: 120_000,
  /** How long an upstream may say nothing within a response (server-sent events with rare events included). */
  responseProgress: 300_000,
  /** How long neither side of an upgraded connection may say anything. */
  tunnelIdle: 3_600_000,
  /** How long a TCP connect to an upstream may take. A pod answers within a millisecond or is gone. */
  connectTimeout: 5_000,
  /** How long an idle upstream connection is kept. Below Apache's KeepAliveTimeout in our images, 75 s, so that we close first. */
  poolIdle: 55_000,
  /** A request that may not be sent twice only takes a pooled connection used this recently: upstreams commonly close idle ones after 5 s. */
  poolFresh: 3_000,
  /** Connections to all upstreams together, and to one. */
  upstreams: 16_384,
  perUpstream: 256,
  /**
   * Connections to one site's pod, of all relays together. Each holds one of the 24 processes of the image's Apache as long as it is open, idle or not;
   * one more than that would wait in Apache's listen queue behind connections that are only kept. The next request takes the first that is free.
   */
  perPod: 20,
  /** HTTP/2 upstreams: connections, each with so many requests at a time as far as the upstream allows, and how much of all responses on one may be on its way. */
  upstreamSessions: 4,
  upstreamStreams: 250,
  upstreamWindow: 1_048_576,
  /** How much of a request's body is kept until its response begins, to be sent again where such an upstream says that it has not looked at it: most calls of gRPC. nginx says so every 1,000 requests. */
  resend: 16_384,
  /** Requests waiting for a connection or a stream. Beyond it 503. */
  upstreamQueue: 1_024,
  /** How long a visitor may read nothing at all of a response while others wait for a connection to the same upstream; then it gives way. */
  pressed: 15_000,
  /** How long a request waits for a sleeping site before 504. */
  holdTimeout: 30_000,
  /** A browser's navigation gets the waiting page if a wake takes longer than this. */
  patience: 2_000,
  /** Requests held for one site, and in all; beyond either 503 with Retry-After. Each keeps a connection and its head. */
  heldPerSite: 1_024,
  heldInAll: 8_192,
  /** Bytes of a request's line and fields, and of a response's; and of its target alone. Apache's own limits are 8 KiB a line. */
  requestHead: 32_768,
  responseHead: 65_536,
  target: 8_192,
  /** Fields in a head or a trailer section. */
  fields: 128,
  /** Bytes of a trailer section, and of one chunk's extensions (which are dropped). */
  trailers: 8_192,
  chunkLine: 256,
  /** Bytes a visitor may send ahead (pipelined requests, a body not yet wanted) before we stop reading. */
  ahead: 32_768,
  /** Visitors' connections in all and from one address (IPv6: one /64). A whole school may be one address. Beyond: 503 at once. */
  connections: 20_000,
  perAddress: 2_048,
  /**
   * Connections to one site's own ports, of all relays together, and of them from one address (IPv6: one /64). Beyond either they are closed at once. How long
   * neither side of one may say anything, and for how long a pod that was just woken may refuse one: its program may not listen yet.
   */
  splices: 256,
  splicesPerAddress: 32,
  spliceIdle: 900_000,
  splicePatience: 5_000,
  /** After an answer that ends the connection: how long and how many bytes we still read and drop, so that the answer isn't lost to a reset. A client
   * may have sent a lot before it looks for one. */
  linger: 2_000,
  lingerBytes: 67_108_864,
  /** A visitor who has half-closed is asked whether it is still there: how long the last part of the question waits for the answer to those before. */
  halfClosed: 250,
  /** How often deadlines are looked at; what every timeout above is rounded up to. */
  sweep: 250,
  /** How often counts of requests are sent to control, at most. */
  counts: 1_000,
  /** First and longest pause before connecting to control again, and to the panel while requests wait for it. */
  reconnectFirst: 50,
  reconnectMost: 1_000,
  /** HTTP/2: requests at a time on one connection; what browsers and other servers use. */
  streams: 100,
  /**
   * HTTP/2: bytes of one connection's bodies that nobody takes yet; beyond it 503. And of its answers that it doesn't read: beyond it streams that
   * have some wait, beyond twice that all do. A stream alone may have 64 KiB each way.
   */
  sessionBytes: 1_048_576,
  /** HTTP/2: how many requests a visitor may take back on one connection at once, and again over so many milliseconds (CVE-2023-44487). Reloading a page full of pictures takes back a hundred. */
  resets: { most: 500, over: 20_000 },
  /** HTTP/2: PING and SETTINGS frames likewise. A browser sends one ping in some seconds. */
  controlFrames: { most: 100, over: 20_000 },
  /** HTTP/2: bytes of frames that bring neither a request nor a body, nor make room for much of an answer (PRIORITY, WINDOW_UPDATE, unknown ones) likewise. */
  idleBytes: { most: 262_144, over: 20_000 },
  /** HTTP/2: malformed or empty frames, and malformed requests, on one connection. */
  invalidFrames: 100,
  /** SIGTERM: how long what is in flight may take. */
  leave: 9_500,
}

export type Settings = typeof SETTINGS

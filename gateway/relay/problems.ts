// Everything the relay itself can answer a visitor: one entry a problem, with its status and words. Rendered by pages.ts.

/** The words visitors read, in English and French. */
export type Words = { title: string; text: string }

export type Problem = {
  status: number
  /** The stable code of the JSON form. */
  code: string
  en: Words
  fr: Words
  /** Seconds for Retry-After. */
  retryAfter?: number
  /** Whether the connection must end: what follows on it can't be told apart. */
  close?: true
  /** Whether the text is all of the body, as it is. */
  bare?: true
  /** Whether visitors may want to report the site. */
  report?: true
  /** Whether a browser looks again by itself after `retryAfter`. */
  refresh?: true
}

const BROKEN: Words = { title: 'Bad request', text: 'The request could not be understood.' }
const CASSEE: Words = { title: 'Requête incorrecte', text: 'La requête n’a pas pu être comprise.' }
const SILENT: Words = { title: 'No answer', text: 'This site did not answer. Please try again in a moment.' }
const MUET: Words = { title: 'Pas de réponse', text: 'Ce site n’a pas répondu. Réessayez dans un instant.' }
const LATER: Words = { title: 'Too busy', text: 'There are too many visitors right now. Please try again in a few seconds.' }
const PLUS_TARD: Words = { title: 'Trop de monde', text: 'Il y a trop de visiteurs en ce moment. Réessayez dans quelques secondes.' }

export const PROBLEMS = {
  /** Anything RFC 9112 lets one read in two ways. */
  malformed: { status: 400, code: 'bad_request', en: BROKEN, fr: CASSEE, close: true },
  /** No Host, several, or one that isn't host or host:port; an absolute target with another one. */
  bad_host: { status: 400, code: 'bad_host', en: { title: 'Bad request', text: 'The request does not say which site it is for.' }, fr: { title: 'Requête incorrecte', text: 'La requête ne dit pas à quel site elle s’adresse.' }, close: true },
  /** CONNECT: this is no forward proxy. TRACE that ends here. */
  bad_method: { status: 405, code: 'method_not_allowed', en: { title: 'Not allowed', text: 'This method is not allowed here.' }, fr: { title: 'Interdit', text: 'Cette méthode n’est pas permise ici.' }, close: true },
  /** The head or the body of a request came too slowly. */
  too_slow: { status: 408, code: 'request_timeout', en: { title: 'Too slow', text: 'The request took too long to arrive.' }, fr: { title: 'Trop lent', text: 'La requête a mis trop de temps à arriver.' }, close: true },
  target_too_long: { status: 414, code: 'uri_too_long', en: { title: 'Address too long', text: 'The address of this page is too long.' }, fr: { title: 'Adresse trop longue', text: 'L’adresse de cette page est trop longue.' }, close: true },
  /** Expect with anything but 100-continue. */
  bad_expectation: { status: 417, code: 'expectation_failed', en: BROKEN, fr: CASSEE, close: true },
  head_too_large: { status: 431, code: 'head_too_large', en: { title: 'Request too large', text: 'The request’s header is too large. Deleting this site’s cookies may help.' }, fr: { title: 'Requête trop grande', text: 'L’en-tête de la requête est trop grand. Effacer les cookies de ce site peut aider.' }, close: true },
  /** A Transfer-Encoding other than chunked. */
  bad_coding: { status: 501, code: 'not_implemented', en: BROKEN, fr: CASSEE, close: true },
  /** Extended CONNECT (RFC 8441) to another protocol than WebSocket, or an upgrade to an upstream that speaks HTTP/2. */
  bad_protocol: { status: 501, code: 'not_implemented', en: BROKEN, fr: CASSEE },
  /** A request for https on a connection that isn't, from nobody we trust (RFC 9110 section 7.4); or on an address that is another site's. */
  misdirected: { status: 421, code: 'misdirected', en: { title: 'Wrong connection', text: 'This address can’t be reached on this connection.' }, fr: { title: 'Mauvaise connexion', text: 'Cette adresse n’est pas accessible par cette connexion.' } },
  bad_version: { status: 505, code: 'http_version', en: { title: 'HTTP version', text: 'This version of HTTP is not spoken here.' }, fr: { title: 'Version de HTTP', text: 'Cette version de HTTP n’est pas parlée ici.' }, close: true },
  /** The request has been through here too often: a route that leads back to us. */
  looping: { status: 508, code: 'loop_detected', en: { title: 'Going in circles', text: 'This address leads back to itself.' }, fr: { title: 'En rond', text: 'Cette adresse renvoie à elle-même.' }, close: true },
  /** OPTIONS with Max-Forwards: 0 ends here (RFC 9110 section 7.6.2). */
  final: { status: 200, code: 'options', en: { title: 'Auberge', text: 'This request was for the gateway itself.' }, fr: { title: 'Auberge', text: 'Cette requête était pour la passerelle elle-même.' } },
  /** Plain HTTP on the port of HTTPS. */
  not_tls: { status: 400, code: 'not_tls', en: { title: 'This port speaks HTTPS', text: 'Please use an address that begins with https://.' }, fr: { title: 'Ce port parle HTTPS', text: 'Utilisez une adresse qui commence par https://.' }, close: true },
  /** The same address over HTTPS. 308 keeps the method and the body; our no-store keeps it from outliving the setting. */
  redirect: { status: 308, code: 'https_only', en: { title: 'This site speaks HTTPS', text: 'The same address with https:// is the one to use.' }, fr: { title: 'Ce site parle HTTPS', text: 'La même adresse avec https:// est la bonne.' } },
  /** The same path at the host that the site's owner chose. */
  moved: { status: 308, code: 'moved', en: { title: 'This site is elsewhere', text: 'It has another address, and this one leads there.' }, fr: { title: 'Ce site est ailleurs', text: 'Il a une autre adresse, et celle-ci y mène.' } },
  /** An ACME server looks at a challenge: its text comes with it, and nothing but that is answered. */
  challenge: { status: 200, code: 'challenge', en: { title: '', text: '' }, fr: { title: '', text: '' }, bare: true },
  unknown: { status: 404, code: 'unknown_host', en: { title: 'No site here', text: 'There is no site at this address. Perhaps it has a typing error, or the site has moved.' }, fr: { title: 'Aucun site ici', text: 'Il n’y a pas de site à cette adresse. Peut-être une faute de frappe, ou le site a déménagé.' } },
  suspended: { status: 503, code: 'suspended', report: true, en: { title: 'Suspended', text: 'This site is suspended.' }, fr: { title: 'Suspendu', text: 'Ce site est suspendu.' }, retryAfter: 3_600 },
  /** A wake failed lately and isn't tried again yet. */
  failed: { status: 503, code: 'wake_failed', report: true, en: { title: 'This site did not start', text: 'The site could not be started. Its owner can see why.' }, fr: { title: 'Ce site n’a pas démarré', text: 'Le site n’a pas pu démarrer. Son propriétaire peut voir pourquoi.' } },
  /** A browser's navigation while its site wakes. */
  waking: { status: 503, code: 'waking', en: { title: 'Waking up', text: 'This site was asleep and is starting. The page will appear by itself.' }, fr: { title: 'Réveil en cours', text: 'Ce site dormait et démarre. La page va s’afficher d’elle-même.' }, retryAfter: 2, refresh: true },
  /** A path only scanners ask for, of a site that sleeps. */
  uninvited: { status: 404, code: 'not_found', en: { title: 'Not found', text: 'There is nothing here.' }, fr: { title: 'Introuvable', text: 'Il n’y a rien ici.' } },
  /** A robot, of a site that sleeps. */
  resting: { status: 503, code: 'asleep', en: { title: 'Asleep', text: 'This site is asleep, and robots do not wake it. Please come back later.' }, fr: { title: 'Endormi', text: 'Ce site dort, et les robots ne le réveillent pas. Revenez plus tard.' }, retryAfter: 3_600 },
  /** Too many requests held or queued. */
  busy: { status: 503, code: 'busy', en: LATER, fr: PLUS_TARD, retryAfter: 5 },
  /** The house has no memory to spare for a site that sleeps. */
  no_room: { status: 503, code: 'no_room', en: { title: 'No room just now', text: 'Too many sites are in use at once for this one to start. Please try again in a moment.' }, fr: { title: 'Pas de place pour l’instant', text: 'Trop de sites sont utilisés en même temps pour que celui-ci démarre. Réessayez dans un instant.' } },
  /** Too many connections, in all or from one address. */
  crowded: { status: 503, code: 'too_many_connections', en: LATER, fr: PLUS_TARD, retryAfter: 5, close: true },
  /** The upstream can't be reached, or ended without a response. */
  unreachable: { status: 502, code: 'bad_gateway', report: true, en: SILENT, fr: MUET },
  /** The upstream's response is malformed. */
  bad_answer: { status: 502, code: 'bad_response', report: true, en: { title: 'Bad answer', text: 'This site’s answer could not be understood.' }, fr: { title: 'Mauvaise réponse', text: 'La réponse de ce site n’a pas pu être comprise.' } },
  /** The upstream took too long to answer. */
  no_answer: { status: 504, code: 'gateway_timeout', report: true, en: SILENT, fr: MUET },
  /** The site did not wake in time. */
  still_asleep: { status: 504, code: 'wake_timeout', report: true, en: { title: 'Still asleep', text: 'This site did not start in time. Please try again in a moment.' }, fr: { title: 'Toujours endormi', text: 'Ce site n’a pas démarré à temps. Réessayez dans un instant.' }, retryAfter: 10 },
} satisfies Record<string, Problem>

export type ProblemName = keyof typeof PROBLEMS

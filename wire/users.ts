// The system users of the house and the groups that join two processes each. Set-up makes them, the supervisor uses them.

/** An edge's group may enter the directory in which its two processes meet; nobody else may. */
export const GROUPS = { routes: 'auberge-routes', zone: 'auberge-zone', pods: 'auberge-pods' } as const

/** Each unprivileged process's user (its own group has the same name) and the edges it is part of. */
export const USERS = {
  relay: { user: 'auberge-relay', groups: [GROUPS.routes] },
  control: { user: 'auberge-control', groups: [GROUPS.routes, GROUPS.zone, GROUPS.pods] },
  dns: { user: 'auberge-dns', groups: [GROUPS.zone] },
} as const

/** The longest path a unix socket can have; bytes (unix(7): sun_path has 108 with its end). */
export const LONGEST_SOCKET = 107

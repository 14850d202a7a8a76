-- The first shape of the registry. Times are epoch milliseconds, sizes bytes. Ids of accounts are never used again.
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
  password TEXT NOT NULL,
  suspended TEXT,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_account ON sessions (account, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;
CREATE INDEX tokens_of_account ON tokens (account, created_at);

CREATE TABLE invites (
  code TEXT PRIMARY KEY,
  uses INTEGER NOT NULL CHECK (uses > 0),
  used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),
  created_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- phase: what a restart must finish ('deleting', 'purging') or undo ('creating').
CREATE TABLE reservations (
  name TEXT PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES accounts (id),
  kind TEXT NOT NULL CHECK (kind IN ('site', 'external')),
  phase TEXT NOT NULL CHECK (phase IN ('creating', 'held', 'deleting', 'purging')),
  addresses TEXT NOT NULL CHECK (json_valid(addresses)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_of_owner ON reservations (owner, name);

-- Names given back: until then, nobody but the last owner may take one.
CREATE TABLE quarantine (
  name TEXT PRIMARY KEY,
  owner INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sites (
  name TEXT PRIMARY KEY REFERENCES reservations (name) ON DELETE CASCADE,
  image TEXT NOT NULL,
  memory INTEGER NOT NULL,
  cpu REAL NOT NULL,
  disk INTEGER NOT NULL,
  pids INTEGER NOT NULL,
  env TEXT NOT NULL CHECK (json_valid(env)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT
) STRICT;
CREATE INDEX audit_by_time ON audit (at);

CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

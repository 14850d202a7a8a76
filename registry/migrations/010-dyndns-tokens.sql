-- Tokens that may do nothing but say where names point (of one name, or of all an account has). SQLite changes no CHECK, so the table is made anew.
CREATE TABLE tokens_next (
  id TEXT PRIMARY KEY,
  hash BLOB NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  may TEXT NOT NULL DEFAULT 'all' CHECK (may IN ('all', 'read', 'deploy', 'dyndns')),
  site TEXT REFERENCES reservations (name) ON DELETE CASCADE
) STRICT;
INSERT INTO tokens_next (id, hash, account, name, created_at, last_used_at, may, site) SELECT id, hash, account, name, created_at, last_used_at, may, site FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_next RENAME TO tokens;
CREATE INDEX tokens_of_account ON tokens (account, created_at);
CREATE INDEX tokens_of_site ON tokens (site) WHERE site IS NOT NULL;

-- What people see and choose of their own account: where they are signed in, what a token may do, their language. An account's own bound of names
-- (null: the house's). How often something was tried, so that a restart forgives nothing. What visitors reported.
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
UPDATE sessions SET id = lower(hex(randomblob(9)));
ALTER TABLE tokens ADD COLUMN may TEXT NOT NULL DEFAULT 'all' CHECK (may IN ('all', 'read', 'deploy'));
ALTER TABLE tokens ADD COLUMN site TEXT REFERENCES reservations (name) ON DELETE CASCADE;
CREATE INDEX tokens_of_site ON tokens (site) WHERE site IS NOT NULL;
ALTER TABLE accounts ADD COLUMN language TEXT CHECK (language IN ('en', 'fr'));
ALTER TABLE accounts ADD COLUMN most_names INTEGER CHECK (most_names >= 0);

CREATE TABLE tries (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reports (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  host TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('phishing', 'malware', 'illegal', 'spam', 'other')),
  text TEXT NOT NULL,
  contact TEXT,
  closed_at INTEGER,
  closed_by TEXT
) STRICT;
CREATE INDEX reports_open ON reports (closed_at, at);

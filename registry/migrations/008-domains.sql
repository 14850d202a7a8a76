-- Custom domains. A claim is pending until it is proven; any number of sites may have a pending claim of one domain, one alone holds it.
-- elsewhere: whether it was seen not to lead here since it was claimed. strayed_at: since when a domain that is held has not led here.
CREATE TABLE domains (
  domain TEXT NOT NULL,
  site TEXT NOT NULL REFERENCES sites (name) ON DELETE CASCADE,
  state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'verified', 'lapsed')),
  proof TEXT CHECK (proof IN ('txt', 'cname', 'address')),
  canonical INTEGER NOT NULL DEFAULT 0 CHECK (canonical IN (0, 1)),
  elsewhere INTEGER NOT NULL DEFAULT 0 CHECK (elsewhere IN (0, 1)),
  finding TEXT,
  claimed_at INTEGER NOT NULL,
  checked_at INTEGER,
  strayed_at INTEGER,
  PRIMARY KEY (domain, site)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX domains_held ON domains (domain) WHERE state <> 'pending';
CREATE UNIQUE INDEX domains_canonical ON domains (site) WHERE canonical = 1;
CREATE INDEX domains_of_site ON domains (site);
CREATE INDEX domains_by_check ON domains (checked_at) WHERE state <> 'pending';
CREATE INDEX domains_by_claim ON domains (claimed_at) WHERE state = 'pending';

-- Who held a domain before, and until when nobody else can take it without a TXT proof.
CREATE TABLE released_domains (
  domain TEXT NOT NULL,
  account INTEGER NOT NULL,
  until INTEGER NOT NULL,
  PRIMARY KEY (domain, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX released_domains_by_end ON released_domains (until);

-- Who held a name of the zone before: somebody's CNAME may still lead to it.
CREATE TABLE past_names (
  name TEXT NOT NULL,
  owner INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (name, owner)
) STRICT, WITHOUT ROWID;
CREATE INDEX past_names_by_time ON past_names (at);
INSERT OR IGNORE INTO past_names (name, owner, at) SELECT name, owner, until FROM quarantine;

-- The last 48 bits of each site's IPv6 address (registry/prefix.ts) in hexadecimal: drawn by lot, so that nobody gets what another site had.
ALTER TABLE sites ADD COLUMN interface TEXT NOT NULL DEFAULT '';
UPDATE sites SET interface = lower(hex(randomblob(6)));
CREATE UNIQUE INDEX sites_by_interface ON sites (interface);

-- Ports of a site's own IPv6 address that lead to its pod (registry/ports.ts), and how many its owner may open.
ALTER TABLE sites ADD COLUMN ports TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(ports));
ALTER TABLE sites ADD COLUMN most_ports INTEGER NOT NULL DEFAULT 0 CHECK (most_ports BETWEEN 0 AND 4);

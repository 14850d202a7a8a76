-- The records that the owner of a name keeps in DNS under it, a JSON list.
ALTER TABLE reservations ADD COLUMN records TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(records));

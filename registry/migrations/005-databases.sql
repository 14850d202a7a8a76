-- Each site's database: the password of its user, and the bytes it may take. Sites that were there before have one from now on.
ALTER TABLE sites ADD COLUMN database_password TEXT NOT NULL DEFAULT '';
ALTER TABLE sites ADD COLUMN database_bytes INTEGER NOT NULL DEFAULT 536870912;
UPDATE sites SET database_password = lower(hex(randomblob(20)));

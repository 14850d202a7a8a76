-- Whether robots and scanners wake the site, as anybody else does.
ALTER TABLE sites ADD COLUMN wake_for_robots INTEGER NOT NULL DEFAULT 0 CHECK (wake_for_robots IN (0, 1));

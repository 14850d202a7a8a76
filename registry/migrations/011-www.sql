-- Whether www. of the name answers as the name does.
ALTER TABLE reservations ADD COLUMN www INTEGER NOT NULL DEFAULT 0 CHECK (www IN (0, 1));

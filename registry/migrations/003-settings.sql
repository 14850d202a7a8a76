-- What an owner sets for the site's program: settings of PHP as JSON, and the command that starts an application (null: the image's own).
ALTER TABLE sites ADD COLUMN php TEXT NOT NULL DEFAULT '{}';
ALTER TABLE sites ADD COLUMN start TEXT;

-- What a site's pod may reach of its own accord.
ALTER TABLE sites ADD COLUMN egress TEXT NOT NULL DEFAULT 'internet' CHECK (egress IN ('internet', 'none'));

-- What an account's names may take in all, besides how many there are (006): bytes of disk (volumes and databases), bytes of memory, custom domains. null: as the house says.
ALTER TABLE accounts ADD COLUMN most_disk INTEGER CHECK (most_disk >= 0);
ALTER TABLE accounts ADD COLUMN most_memory INTEGER CHECK (most_memory >= 0);
ALTER TABLE accounts ADD COLUMN most_domains INTEGER CHECK (most_domains >= 0);

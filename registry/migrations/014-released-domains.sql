-- What an account has given back is counted: the newest are kept.
CREATE INDEX released_domains_of_account ON released_domains (account, until);

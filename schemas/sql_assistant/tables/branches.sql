CREATE TABLE branches (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,     -- e.g. 'Central', 'Harbour', 'Northgate'
  postcode   TEXT NOT NULL,
  opened_on  DATE NOT NULL,
  closed_on  DATE                      -- NULL while the branch is open
);

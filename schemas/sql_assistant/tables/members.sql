CREATE TABLE members (
  id              INTEGER PRIMARY KEY,
  category        TEXT NOT NULL,       -- 'adult', 'child', 'student', 'institution'
  home_branch_id  INTEGER NOT NULL REFERENCES branches (id),
  birth_year      INTEGER,             -- NULL for institutions
  joined_on       DATE NOT NULL,
  closed_at       TIMESTAMP            -- membership ended
);
-- Names and addresses are kept in another system, on purpose.

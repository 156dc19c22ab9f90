CREATE TABLE copies (
  id            INTEGER PRIMARY KEY,
  title_id      INTEGER NOT NULL REFERENCES titles (id),
  branch_id     INTEGER NOT NULL REFERENCES branches (id),  -- where it belongs, not where it is
  price_pence   INTEGER,               -- NULL for gifts
  acquired_on   DATE NOT NULL,
  withdrawn_on  DATE                   -- sold, lost or worn out
);

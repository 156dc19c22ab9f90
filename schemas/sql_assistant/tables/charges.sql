CREATE TABLE charges (
  id            INTEGER PRIMARY KEY,
  member_id     INTEGER NOT NULL REFERENCES members (id),
  loan_id       INTEGER REFERENCES loans (id),  -- NULL for new cards and room hire
  reason        TEXT NOT NULL,         -- 'late', 'lost', 'damage', 'card', 'room'
  amount_pence  INTEGER NOT NULL,
  charged_at    TIMESTAMP NOT NULL,
  paid_at       TIMESTAMP,             -- NULL while owed
  waived_at     TIMESTAMP              -- forgiven; never together with paid_at
);
-- Children are never charged for 'late'.

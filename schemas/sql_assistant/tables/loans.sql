CREATE TABLE loans (
  id           INTEGER PRIMARY KEY,
  copy_id      INTEGER NOT NULL REFERENCES copies (id),
  member_id    INTEGER NOT NULL REFERENCES members (id),
  lent_at      TIMESTAMP NOT NULL,
  due_on       DATE NOT NULL,          -- moved by each renewal
  renewals     INTEGER NOT NULL DEFAULT 0 CHECK (renewals <= 3),
  returned_at  TIMESTAMP               -- NULL while on loan
);
-- A loan is overdue if returned_at is NULL and due_on < today.

CREATE TABLE reservations (
  id            INTEGER PRIMARY KEY,
  title_id      INTEGER NOT NULL REFERENCES titles (id),    -- any copy will do
  member_id     INTEGER NOT NULL REFERENCES members (id),
  branch_id     INTEGER NOT NULL REFERENCES branches (id),  -- where it will be collected
  placed_at     TIMESTAMP NOT NULL,
  ready_at      TIMESTAMP,             -- a copy waits at the desk
  collected_at  TIMESTAMP,
  cancelled_at  TIMESTAMP              -- by the member, or after 7 days at the desk
);

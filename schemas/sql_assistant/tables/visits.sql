CREATE TABLE visits (
  branch_id   INTEGER NOT NULL REFERENCES branches (id),
  counted_on  DATE NOT NULL,
  hour        INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),  -- local time
  entries     INTEGER NOT NULL,        -- of the counter at the door; staff included
  PRIMARY KEY (branch_id, counted_on, hour)
);

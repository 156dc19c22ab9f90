CREATE TABLE titles (
  id           INTEGER PRIMARY KEY,
  name         TEXT NOT NULL,
  author       TEXT,                   -- NULL for periodicals
  medium       TEXT NOT NULL,          -- 'book', 'audiobook', 'film', 'game', 'periodical'
  language     TEXT NOT NULL,          -- ISO 639-1, e.g. 'en'
  published    INTEGER                 -- year
);
-- A work and its translation are two titles.

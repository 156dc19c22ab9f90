<?xml version="1.0" encoding="UTF-8"?>
<!-- The query holds "<", so it stands in CDATA; its line breaks and blanks are kept as they are. -->
<prompt schema="sql_assistant">
  <members/>
  <loans/>
  <charges/>
  <sqlite/>
  <correct/>
  <user>This should be what adults owe for late returns in pounds, but the sum is far too high:

    <![CDATA[SELECT sum(ch.amount_pence) / 100 AS "Owed"
FROM members AS m
JOIN loans AS l ON l.member_id = m.id
JOIN charges AS ch ON ch.member_id = m.id
WHERE m.category = 'adult' AND ch.reason = 'late' AND ch.paid_at IS NULL
  AND l.due_on < date('now');]]></user>
</prompt>

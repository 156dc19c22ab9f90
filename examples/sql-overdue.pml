<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="sql_assistant">
  <tables>
    <branches/>
    <copies/>
    <loans/>
  </tables>
  <postgresql>
    <postgresql-example/>
  </postgresql>
  <write rows="20"/>
  <user>
    Which open branches have the largest share of overdue loans among the loans that are out at present?
  </user>
</prompt>

<?xml version="1.0" encoding="UTF-8"?>
<!-- The log is CDATA: its "<" and "&" need no escaping, and its blanks stay as they are. -->
<prompt schema="incident_runbook">
  <case number="INC-881" began="11:52 UTC"/>
  <services>
    <gateway/>
    <orders/>
  </services>
  <deployments/>
  <veteran/>
  <next-step/>
  <user>The log of the last minutes:

    <![CDATA[11:51:48 orders-3   INFO  placed order=77120 in=212ms
11:52:07 orders-3   WARN  slow query 1840ms: SELECT * FROM addresses WHERE customer_id = $1 & active
11:52:31 orders-1   ERROR pool exhausted (40/40) waited=5000ms
11:52:31 gateway-2  WARN  upstream_timeout service=orders path=/checkout <POST>
11:52:33 orders-3   ERROR pool exhausted (40/40) waited=5000ms
11:52:40 gateway-5  WARN  upstream_timeout service=orders path=/checkout <POST>]]></user>
</prompt>

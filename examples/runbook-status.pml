<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="incident_runbook">
  <case severity="1" began="03:20 UTC"/>
  <payments/>
  <status-message/>
  <user>
    The probe to the processor fails from both regions since 03:20. Customers can fill their baskets but
    nobody can pay. The notice in the shop is on.
  </user>
</prompt>

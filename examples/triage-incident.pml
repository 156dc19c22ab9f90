<?xml version="1.0" encoding="UTF-8"?>
<!-- The argument tells the model what is broken; the last line is begun for it. -->
<prompt schema="ticket_triage" product="Rollbook, a payroll service">
  <known-incident incident="payslips cannot be opened on phones"/>
  <faults>
    <sync-fails/>
    <data-loss/>
  </faults>
  <locked-out/>
  <user>
    The app shows a white page when staff tap on their payslip. On the computer it works. Also, two
    people in the warehouse got the overtime of October a second time this month.
  </user>
  <assistant open="true">{"category":</assistant>
</prompt>

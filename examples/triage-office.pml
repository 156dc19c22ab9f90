<?xml version="1.0" encoding="UTF-8"?>
<!-- Four of the eight examples: two that resemble the ticket, two that do not. -->
<prompt schema="ticket_triage">
  <office-hours/>
  <billing>
    <double-charge/>
    <tax-number/>
  </billing>
  <sync-fails/>
  <praise/>
  <user>
    Our subscription was renewed yesterday although I cancelled it in August and have the confirmation.
    348.00 are gone from the account. I expect the money back this week.
  </user>
</prompt>

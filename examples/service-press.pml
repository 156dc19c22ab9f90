<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="field_service">
  <press/>
  <leak/>
  <basic/>
  <foundry/>
  <depot-north/>
  <journeyman/>
  <tablet-form/>
  <user>
    There is about a litre of oil under the ram and the seal looks torn. It is 15:50. How do I make the press safe,
    which part do I order, when will I have it, and what do I need from the customer before I go on?
  </user>
</prompt>

<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="field_service">
  <cooler/>
  <overheating/>
  <rental/>
  <hospital-site/>
  <van-stock/>
  <apprentice/>
  <night-handover/>
  <user>
    The chiller shows A05 and the water comes out at 15 degrees. What may I do myself, whom do I call for the rest,
    and what do I write down for the colleague who takes over tonight?
  </user>
</prompt>

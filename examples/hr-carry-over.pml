<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="hr_handbook">
  <part-time days="four" since="1 September 2019"/>
  <leave/>
  <sickness/>
  <user>
    I was ill in the last two weeks of December and have six days of leave left from last year. How many of
    them can I still take, and until when?
  </user>
</prompt>

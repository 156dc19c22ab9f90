<?xml version="1.0" encoding="UTF-8"?>
<!-- The innermost module is enough: it brings lesson and subject with it. -->
<prompt schema="tutor">
  <pupil name="Noor" age="eleven" likes="swimming" attempts="one"/>
  <adding-first/>
  <one-step-at-a-time/>
  <user>(b) is 3/9 because 2+1 is 3 and 3+6 is 9</user>
</prompt>

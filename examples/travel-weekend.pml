<?xml version="1.0" encoding="UTF-8"?>
<!-- "istanbul" is unique in the schema, so it needs no path; it brings "city" with it.
     The departure city keeps its default. -->
<prompt schema="travel" duration="a long weekend">
  <use module="istanbul"/>
  <use module="friends"/>
  <use module="comfort"/>
  <use module="autumn"/>
  <use module="luggage"/>
  <user>
    We arrive on Saturday and leave on Tuesday night. Which two sights are closed on days of our
    stay, and on which days?
  </user>
</prompt>

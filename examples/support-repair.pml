<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="support_desk">
  <pack-45l/>
  <formal/>
  <case today="Tuesday, 14 May" delivered="Tuesday, 2 April" order="TR-204518"/>
  <user>
    A zip slider on my Cairn 45 broke in a car door. What does the workshop charge for a new one,
    and how many working days does a repair take this month?
  </user>
</prompt>

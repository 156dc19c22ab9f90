<prompt schema="everything" days="a week" who="">
  <rome>
    <forum/>
  </rome>
  <use module="unit.py" x="1"/>
  <user>
    What shall I see?
      Be brief.
  </user>
  <assistant>The forum.</assistant>
  <user>And then?</user>
  <assistant open="true">Then you</assistant>
</prompt>

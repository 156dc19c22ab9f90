<prompt schema="trip" days="a week" who="old">
  <bali/>
  <user>Where?</user>
</prompt>
